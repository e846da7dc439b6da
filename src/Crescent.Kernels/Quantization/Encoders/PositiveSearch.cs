namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>
/// Quantises the scales (or minima) of a super-block's groups, none negative, under a common scale: nine steps are tried, the scale is fitted, then codes
/// move one by one while the weighted fit improves (the algorithm of ggml-quants.c, make_qp_quants).
/// </summary>
internal static class PositiveSearch
{
    private const int Reach = 4;
    private const int Rounds = 5;

    /// <summary>The common scale.</summary>
    /// <param name="values">[groups]</param>
    /// <param name="weights">[groups]</param>
    /// <param name="codes">[groups], 0..<paramref name="largestCode"/></param>
    public static float Run(ReadOnlySpan<float> values, ReadOnlySpan<float> weights, int largestCode, Span<byte> codes)
    {
        var largest = Largest(values);
        if (largest < Lanes.Nothing)
        {
            codes.Clear();
            return 0;
        }

        var step = BestStep(values, weights, largestCode, largest);
        var (products, squares) = (0f, 0f);
        for (var i = 0; i < values.Length; i++)
        {
            codes[i] = Code(step * values[i], largestCode);
            products += weights[i] * values[i] * codes[i];
            squares += weights[i] * codes[i] * codes[i];
        }

        for (var round = 0; round < Rounds && Improve(values, weights, largestCode, codes, ref products, ref squares); round++)
        {
        }

        return squares > 0 ? products / squares : 0;
    }

    private static float Largest(ReadOnlySpan<float> values)
    {
        var largest = 0f;
        foreach (var value in values)
        {
            largest = value > largest ? value : largest;
        }

        return largest;
    }

    private static float BestStep(ReadOnlySpan<float> values, ReadOnlySpan<float> weights, int largestCode, float largest)
    {
        var best = largestCode / largest;
        var bestError = Error(values, weights, best, largestCode);
        for (var i = -Reach; i <= Reach; i++)
        {
            var step = ((0.1f * i) + largestCode) / largest;
            var error = i == 0 ? bestError : Error(values, weights, step, largestCode);
            if (error < bestError)
            {
                (best, bestError) = (step, error);
            }
        }

        return best;
    }

    private static float Error(ReadOnlySpan<float> values, ReadOnlySpan<float> weights, float step, int largestCode)
    {
        var scale = 1 / step;
        var sum = 0f;
        for (var i = 0; i < values.Length; i++)
        {
            var difference = values[i] - (scale * Code(step * values[i], largestCode));
            sum += weights[i] * difference * difference;
        }

        return sum;
    }

    private static bool Improve(
        ReadOnlySpan<float> values, ReadOnlySpan<float> weights, int largestCode, Span<byte> codes, ref float products, ref float squares)
    {
        var anyMoved = false;
        for (var i = 0; i < values.Length; i++)
        {
            var otherProducts = products - (weights[i] * values[i] * codes[i]);
            var otherSquares = squares - (weights[i] * codes[i] * codes[i]);
            if (!(otherProducts > 0 && otherSquares > 0))
            {
                continue;
            }

            var moved = Code(values[i] * otherSquares / otherProducts, largestCode);
            otherProducts += weights[i] * values[i] * moved;
            otherSquares += weights[i] * moved * moved;
            if (moved != codes[i] && otherProducts * otherProducts * squares > products * products * otherSquares)
            {
                (codes[i], products, squares) = (moved, otherProducts, otherSquares);
                anyMoved = true;
            }
        }

        return anyMoved;
    }

    private static byte Code(float scaled, int largestCode) => (byte)Math.Clamp((int)MathF.Round(scaled), 0, largestCode);
}
