namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>Sums in the order of upstream's scalar loops, on which the bytes of a search depend.</summary>
internal static class Sums
{
    public static float Of(ReadOnlySpan<float> values)
    {
        var sum = 0f;
        foreach (var value in values)
        {
            sum += value;
        }

        return sum;
    }

    public static float OfSquares(ReadOnlySpan<float> values)
    {
        var sum = 0f;
        foreach (var value in values)
        {
            sum += value * value;
        }

        return sum;
    }
}
