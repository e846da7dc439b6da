namespace Crescent.Kernels.Tests.MatMul;

/// <summary>The 8-bit form of activations, by its documentation, value by value.</summary>
internal static class ReferenceQuantizer
{
    public static float[] RoundTrip(ReadOnlySpan<float> values)
    {
        var result = new float[values.Length];
        for (var first = 0; first < values.Length; first += 32)
        {
            var group = values.Slice(first, 32);
            var largest = 0f;
            foreach (var value in group)
            {
                largest = Math.Max(largest, Math.Abs(value));
            }

            if (largest > 0)
            {
                RoundTrip(group, largest, result.AsSpan(first, 32));
            }
        }

        return result;
    }

    // Four steps are tried; each one's scale is the least-squares factor of its codes, and the smallest squared error wins.
    private static void RoundTrip(ReadOnlySpan<float> group, float largest, Span<float> result)
    {
        var smallest = double.PositiveInfinity;
        foreach (var steps in new[] { 127.4f, 126.4f, 125.4f, 124.4f })
        {
            var codes = new double[32];
            var (cross, square, energy) = (0.0, 0.0, 0.0);
            for (var i = 0; i < 32; i++)
            {
                codes[i] = MathF.Round(group[i] * (steps / largest), MidpointRounding.ToEven);
                cross += group[i] * codes[i];
                square += codes[i] * codes[i];
                energy += group[i] * (double)group[i];
            }

            var error = energy - (cross * cross / square);
            if (error < smallest)
            {
                smallest = error;
                for (var i = 0; i < 32; i++)
                {
                    result[i] = (float)(cross / square) * (float)codes[i];
                }
            }
        }
    }
}
