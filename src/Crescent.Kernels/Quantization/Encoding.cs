namespace Crescent.Kernels.Quantization;

/// <summary>Steps that upstream's reference quantisers share (ggml-quants.c, quantize_row_…_ref).</summary>
internal static class Encoding
{
    /// <summary>The first value of the largest magnitude, with its sign.</summary>
    public static float LargestMagnitude(ReadOnlySpan<float> values)
    {
        var largest = 0f;
        var magnitude = 0f;
        foreach (var value in values)
        {
            if (Math.Abs(value) > magnitude)
            {
                (largest, magnitude) = (value, Math.Abs(value));
            }
        }

        return largest;
    }

    public static (float Min, float Max) Range(ReadOnlySpan<float> values)
    {
        var min = float.MaxValue;
        var max = -float.MaxValue;
        foreach (var value in values)
        {
            min = value < min ? value : min;
            max = value > max ? value : max;
        }

        return (min, max);
    }

    /// <summary>1/scale of the scale before it is rounded to half; 0 for a block of zeros.</summary>
    public static float Reciprocal(float scale) => scale != 0 ? 1 / scale : 0;
}
