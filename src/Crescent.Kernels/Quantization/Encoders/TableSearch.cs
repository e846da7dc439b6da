using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>
/// x ≈ scale·T[code] with the uneven table of IQ4_NL and IQ4_XS, for eight groups of 32: codes are the nearest entries for each of some steps, the scale is fitted by weighted
/// least squares, and the fit with the least weighted error is kept (the algorithm of ggml-quants.c, quantize_row_iq4_nl_impl).
/// </summary>
internal static class TableSearch
{
    private const int Reach = 7;

    /// <summary>Searches 15 steps. Scales are 0 for groups of nothing.</summary>
    /// <param name="values">[32] eight groups</param>
    /// <param name="weights">[32]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<float> Run(ReadOnlySpan<Vector256<float>> values, ReadOnlySpan<Vector256<float>> weights)
    {
        var largest = Lanes.LargestMagnitude(values);
        var (products, squares) = Sums(values, weights, Vector256<float>.One / (-largest / Vector256.Create((float)IQ4_NL.Table[0])));
        var scale = Fit(products, squares);
        var best = scale * products;
        for (var i = -Reach; i <= Reach; i++)
        {
            (products, squares) = Sums(values, weights, Vector256.Create((float)(i + IQ4_NL.Table[0])) / largest);
            var better = Vector256.GreaterThan(squares, Vector256<float>.Zero) & Vector256.GreaterThan(products * products, best * squares);
            var fitted = products / squares;
            scale = Vector256.ConditionalSelect(better, fitted, scale);
            best = Vector256.ConditionalSelect(better, fitted * products, best);
        }

        return Vector256.AndNot(scale, IsNothing(largest));
    }

    /// <summary>Takes the step that maps the value of the largest magnitude to the table's first entry, and fits the scale to its codes.</summary>
    /// <param name="step">What codes are to be rounded with.</param>
    public static Vector256<float> FitOnce(ReadOnlySpan<Vector256<float>> values, ReadOnlySpan<Vector256<float>> weights, out Vector256<float> step)
    {
        var largest = Lanes.LargestMagnitude(values);
        var nothing = IsNothing(largest);
        step = Vector256.AndNot(Vector256<float>.One / (largest / Vector256.Create((float)IQ4_NL.Table[0])), nothing);
        var (products, squares) = Sums(values, weights, step);
        return Vector256.AndNot(Fit(products, squares), nothing);
    }

    /// <summary>Indices of the nearest entries, the upper one where two are as near.</summary>
    public static void Codes(ReadOnlySpan<float> values, float step, Span<byte> codes)
    {
        var steps = Vector256.Create(step);
        for (var i = 0; i < 32; i += 16)
        {
            var low = Index(steps * Vector256.Create(values.Slice(i, 8)));
            var high = Index(steps * Vector256.Create(values.Slice(i + 8, 8)));
            Lanes.ToBytes(Vector256.ConvertToSingle(low), Vector256.ConvertToSingle(high)).CopyTo(codes[i..]);
        }
    }

    private static Vector256<float> IsNothing(Vector256<float> largest) => Vector256.LessThan(Vector256.Abs(largest), Vector256.Create(Lanes.Nothing));

    private static Vector256<float> Fit(Vector256<float> products, Vector256<float> squares) =>
        Vector256.ConditionalSelect(Vector256.GreaterThan(squares, Vector256<float>.Zero), products / squares, Vector256<float>.Zero);

    // Σ w·q·x and Σ w·q².
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (Vector256<float> Products, Vector256<float> Squares) Sums(
        ReadOnlySpan<Vector256<float>> values, ReadOnlySpan<Vector256<float>> weights, Vector256<float> step)
    {
        var (products, squares) = (Vector256<float>.Zero, Vector256<float>.Zero);
        weights = weights[..values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var entry = Nearest(step * values[i]);
            var weighted = weights[i] * entry;
            products += weighted * values[i];
            squares += weighted * entry;
        }

        return (products, squares);
    }

    // The halfway points between entries are exact, and so are comparisons with them.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Nearest(Vector256<float> value)
    {
        var entry = Vector256.Create(-127f);
        entry = Above(value, -115.5f, -104, entry);
        entry = Above(value, -93.5f, -83, entry);
        entry = Above(value, -74, -65, entry);
        entry = Above(value, -57, -49, entry);
        entry = Above(value, -42, -35, entry);
        entry = Above(value, -28.5f, -22, entry);
        entry = Above(value, -16, -10, entry);
        entry = Above(value, -4.5f, 1, entry);
        entry = Above(value, 7, 13, entry);
        entry = Above(value, 19, 25, entry);
        entry = Above(value, 31.5f, 38, entry);
        entry = Above(value, 45.5f, 53, entry);
        entry = Above(value, 61, 69, entry);
        entry = Above(value, 79, 89, entry);
        return Above(value, 101, 113, entry);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Above(Vector256<float> value, float halfway, float entry, Vector256<float> below) =>
        Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(value, Vector256.Create(halfway)), Vector256.Create(entry), below);

    private static Vector256<int> Index(Vector256<float> value)
    {
        var index = Vector256<int>.Zero;
        var table = IQ4_NL.Table;
        for (var i = 0; i + 1 < table.Length; i++)
        {
            index -= Vector256.GreaterThanOrEqual(value, Vector256.Create((table[i] + table[i + 1]) * 0.5f)).AsInt32();
        }

        return index;
    }
}
