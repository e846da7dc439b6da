using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>
/// x ≈ scale·(code − levels) with codes 0..2·levels − 1, for eight groups: codes are rounded with 19 steps around −levels / (value of the largest magnitude), the scale is
/// fitted to the codes by weighted least squares, and the fit with the least weighted error is kept (the algorithm of ggml-quants.c, make_qx_quants).
/// </summary>
internal static class SymmetricSearch
{
    private const int Reach = 9;

    /// <summary>The scales, 0 for groups of nothing; the codes of those are 0.</summary>
    /// <param name="values">[length] eight groups</param>
    /// <param name="weights">[length]</param>
    /// <param name="codes">[length], of the fit, as whole numbers</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<float> Run(ReadOnlySpan<Vector256<float>> values, ReadOnlySpan<Vector256<float>> weights, int levels, Span<Vector256<float>> codes)
    {
        var largest = Lanes.LargestMagnitude(values);
        var bestStep = Vector256.Create(-(float)levels) / largest;
        var (products, squares) = Sums(values, weights, bestStep, levels);
        var scale = Vector256.AndNot(products / squares, Vector256.Equals(squares, Vector256<float>.Zero));
        var best = scale * products;
        for (var i = -Reach; i <= Reach; i++)
        {
            if (i == 0)
            {
                continue;
            }

            var step = Vector256.Create(-(levels + (0.1f * i))) / largest;
            (products, squares) = Sums(values, weights, step, levels);
            var better = Vector256.GreaterThan(squares, Vector256<float>.Zero) & Vector256.GreaterThan(products * products, best * squares);
            var fitted = products / squares;
            scale = Vector256.ConditionalSelect(better, fitted, scale);
            best = Vector256.ConditionalSelect(better, fitted * products, best);
            bestStep = Vector256.ConditionalSelect(better, step, bestStep);
        }

        var nothing = Vector256.LessThan(Vector256.Abs(largest), Vector256.Create(Lanes.Nothing));
        for (var i = 0; i < values.Length; i++)
        {
            codes[i] = Vector256.AndNot(Code(bestStep * values[i], levels) + Vector256.Create((float)levels), nothing);
        }

        return Vector256.AndNot(scale, nothing);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Code(Vector256<float> scaled, int levels) =>
        Lanes.Round(scaled, Vector256.Create(-(float)levels), Vector256.Create(levels - 1f));

    // Σ w·x·code and Σ w·code².
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float> Products, Vector256<float> Squares) Sums(
        ReadOnlySpan<Vector256<float>> values, ReadOnlySpan<Vector256<float>> weights, Vector256<float> step, int levels)
    {
        var (products, squares) = (Vector256<float>.Zero, Vector256<float>.Zero);
        weights = weights[..values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var code = Code(step * values[i], levels);
            products += weights[i] * values[i] * code;
            squares += weights[i] * code * code;
        }

        return (products, squares);
    }
}
