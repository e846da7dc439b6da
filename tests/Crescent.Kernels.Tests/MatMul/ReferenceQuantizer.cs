namespace Crescent.Kernels.Tests.MatMul;

/// <summary>The 8-bit form of activations, by its documentation, value by value.</summary>
internal static class ReferenceQuantizer
{
    public static float[] RoundTrip(ReadOnlySpan<float> values)
    {
        var result = new float[values.Length];
        for (var group = 0; group < values.Length; group += 32)
        {
            var largest = 0f;
            foreach (var value in values.Slice(group, 32))
            {
                largest = Math.Max(largest, Math.Abs(value));
            }

            var scale = largest / 127;
            var reciprocal = scale > 0 ? 1 / scale : 0;
            for (var i = group; i < group + 32; i++)
            {
                result[i] = scale * MathF.Round(values[i] * reciprocal, MidpointRounding.ToEven);
            }
        }

        return result;
    }
}
