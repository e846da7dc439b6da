using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>Which steps to try: (<paramref name="First"/> + i·<paramref name="Delta"/> + largest code) / range, for i = 0..<paramref name="Last"/>.</summary>
/// <param name="IsAbsolute">Whether a try is judged by its absolute error instead of its squared error.</param>
internal readonly record struct AffineTries(float First, float Delta, int Last, bool IsAbsolute)
{
    /// <summary>The finer search that upstream makes with importance weights.</summary>
    public static AffineTries Fine => new(-0.9f, 0.05f, 36, false);
}

/// <summary>Scale and (subtracted) minimum of eight groups; a group without range has scale 0.</summary>
internal readonly record struct AffineFit(Vector256<float> Scale, Vector256<float> Min);

/// <summary>
/// x ≈ scale·code − min with codes 0..largest and min ≥ 0, for eight groups: codes are rounded with each of some steps, scale and minimum fitted to the codes by
/// weighted least squares, and the fit with the least weighted error is kept (the algorithm of ggml-quants.c, make_qkx2_quants and make_qkx3_quants).
/// </summary>
internal static class AffineSearch
{
    private const int MaxLength = 32;

    /// <param name="values">[length] eight groups</param>
    /// <param name="weights">[length]</param>
    /// <param name="codes">[length], of the fit, as whole numbers</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static AffineFit Run(
        ReadOnlySpan<Vector256<float>> values, ReadOnlySpan<Vector256<float>> weights, in AffineTries tries, int largestCode, Span<Vector256<float>> codes)
    {
        Span<Vector256<float>> trial = stackalloc Vector256<float>[MaxLength];
        trial = trial[..values.Length];
        var totals = Totals.Of(values, weights);
        var largest = Vector256.Create((float)largestCode);

        // Codes are counted from the minimum of the best fit so far, so both change together.
        var min = totals.Min;
        var (bestOrigin, bestStep) = (min, largest / (totals.Max - min));
        var scale = Vector256<float>.One / bestStep;
        RoundAll(values, bestOrigin, bestStep, largest, trial);
        var bestError = Error(values, weights, trial, scale, min, tries.IsAbsolute);
        for (var i = 0; i <= tries.Last; i++)
        {
            var step = Vector256.Create(tries.First + (tries.Delta * i) + largestCode) / (totals.Max - min);
            RoundAll(values, min, step, largest, trial);
            var (trialScale, trialMin, solvable) = Fit(values, weights, totals, trial);
            var error = Error(values, weights, trial, trialScale, trialMin, tries.IsAbsolute);
            var better = solvable & Vector256.LessThan(error, bestError);
            bestError = Vector256.ConditionalSelect(better, error, bestError);
            bestStep = Vector256.ConditionalSelect(better, step, bestStep);
            bestOrigin = Vector256.ConditionalSelect(better, min, bestOrigin);
            scale = Vector256.ConditionalSelect(better, trialScale, scale);
            min = Vector256.ConditionalSelect(better, trialMin, min);
        }

        var flat = Vector256.Equals(totals.Max, totals.Min);
        RoundAll(values, bestOrigin, Vector256.AndNot(bestStep, flat), largest, codes);
        return new AffineFit(Vector256.AndNot(scale, flat), -Vector256.ConditionalSelect(flat, totals.Min, min));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RoundAll(
        ReadOnlySpan<Vector256<float>> values, Vector256<float> origin, Vector256<float> step, Vector256<float> largest, Span<Vector256<float>> codes)
    {
        codes = codes[..values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            codes[i] = Lanes.Round(step * (values[i] - origin), Vector256<float>.Zero, largest);
        }
    }

    // The scale and minimum that fit the codes best.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float> Scale, Vector256<float> Min, Vector256<float> Solvable) Fit(
        ReadOnlySpan<Vector256<float>> values, ReadOnlySpan<Vector256<float>> weights, in Totals totals, ReadOnlySpan<Vector256<float>> codes)
    {
        var (sumCodes, sumSquares, sumProducts) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        weights = weights[..values.Length];
        codes = codes[..values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var weighted = weights[i] * codes[i];
            sumCodes += weighted;
            sumSquares += weighted * codes[i];
            sumProducts += weighted * values[i];
        }

        var determinant = (totals.Weights * sumSquares) - (sumCodes * sumCodes);
        var scale = ((totals.Weights * sumProducts) - (totals.Values * sumCodes)) / determinant;
        var min = ((sumSquares * totals.Values) - (sumCodes * sumProducts)) / determinant;
        var positive = Vector256.GreaterThan(min, Vector256<float>.Zero);
        scale = Vector256.ConditionalSelect(positive, sumProducts / sumSquares, scale);
        return (scale, Vector256.AndNot(min, positive), Vector256.GreaterThan(determinant, Vector256<float>.Zero));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Error(
        ReadOnlySpan<Vector256<float>> values, ReadOnlySpan<Vector256<float>> weights, ReadOnlySpan<Vector256<float>> codes,
        Vector256<float> scale, Vector256<float> min, bool isAbsolute)
    {
        var sum = Vector256<float>.Zero;
        weights = weights[..values.Length];
        codes = codes[..values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var difference = (scale * codes[i]) + min - values[i];
            sum += weights[i] * (isAbsolute ? Vector256.Abs(difference) : difference * difference);
        }

        return sum;
    }

    // Range (never above 0 at its low end), Σw and Σw·x.
    private readonly record struct Totals(Vector256<float> Min, Vector256<float> Max, Vector256<float> Weights, Vector256<float> Values)
    {
        public static Totals Of(ReadOnlySpan<Vector256<float>> values, ReadOnlySpan<Vector256<float>> weights)
        {
            var (min, max) = (values[0], values[0]);
            var (sumWeights, sumValues) = (Vector256<float>.Zero, Vector256<float>.Zero);
            for (var i = 0; i < values.Length; i++)
            {
                min = Vector256.ConditionalSelect(Vector256.LessThan(values[i], min), values[i], min);
                max = Vector256.ConditionalSelect(Vector256.GreaterThan(values[i], max), values[i], max);
                sumWeights += weights[i];
                sumValues += weights[i] * values[i];
            }

            return new Totals(Vector256.AndNot(min, Vector256.GreaterThan(min, Vector256<float>.Zero)), max, sumWeights, sumValues);
        }
    }
}
