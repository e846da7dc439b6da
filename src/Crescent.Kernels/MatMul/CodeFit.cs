using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Crescent.Kernels.MatMul;

/// <summary>
/// The choice of the step that rounds 32 values best, for four groups at once. With t the values in steps, q their codes and d = t − q, the
/// least-squares scale is (Σq² + Σdq) / (Σq² · steps a unit), and leaves Σd² − (Σdq)²/Σq² in squared steps: sums of what rounding lost, so float32
/// tells steps apart whose Σ(x − scale·q)² differ in the sixth digit.
/// </summary>
internal static unsafe class CodeFit
{
    /// <summary>Groups that are fitted at once.</summary>
    public const int Groups = 4;

    // Of a few nearly equal steps one rounds a group best; with the scale then fitted to its codes, the squared error falls by a fifth against
    // max/127 alone. The largest code stays 127: 127.4 rounds to it.
    private static ReadOnlySpan<float> Steps => [127.4f, 126.4f, 125.4f, 124.4f];

    private static ReadOnlySpan<float> InverseSquares =>
        [1 / (127.4f * 127.4f), 1 / (126.4f * 126.4f), 1 / (125.4f * 125.4f), 1 / (124.4f * 124.4f)];

    // What Σt² of the first candidate is times for each.
    private static ReadOnlySpan<float> EnergyFactors =>
        [1, 126.4f / 127.4f * (126.4f / 127.4f), 125.4f / 127.4f * (125.4f / 127.4f), 124.4f / 127.4f * (124.4f / 127.4f)];

    /// <summary>For each group the steps a unit of the best candidate, and its Σdq.</summary>
    /// <param name="values">[4 groups, 32].</param>
    /// <param name="largest">The largest magnitude of each group.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Find<TIsa>(float* values, float* largest, float* reciprocals, float* crosses)
        where TIsa : struct, IIsa
    {
        var max = Vector128.Load(largest); // lane = group
        var unit = Vector128.Create(Steps[0]) / max; // in steps, squares of any values stay numbers
        var energies = Sum(Energy(values, unit[0]), Energy(values + 32, unit[1]), Energy(values + 64, unit[2]), Energy(values + 96, unit[3]));
        var best = Vector128.Create(float.PositiveInfinity);
        var bestReciprocals = Vector128<float>.Zero;
        var bestCrosses = Vector128<float>.Zero;
        for (var i = 0; i < Steps.Length; i++)
        {
            var reciprocal = Vector128.Create(Steps[i]) / max;
            var left = Try<TIsa>(values, reciprocal, energies * Vector128.Create(EnergyFactors[i]), out var cross) * Vector128.Create(InverseSquares[i]); // in units of max²
            var isBetter = Vector128.LessThan(left, best);
            best = Vector128.ConditionalSelect(isBetter, left, best);
            bestReciprocals = Vector128.ConditionalSelect(isBetter, reciprocal, bestReciprocals);
            bestCrosses = Vector128.ConditionalSelect(isBetter, cross, bestCrosses);
        }

        bestReciprocals.Store(reciprocals);
        bestCrosses.Store(crosses);
    }

    /// <summary>One sum a vector: (l0 + l2) + (l1 + l3) of each half, then the halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Sum<T>(Vector256<T> lanes0, Vector256<T> lanes1, Vector256<T> lanes2, Vector256<T> lanes3)
    {
        if (!Avx2.IsSupported)
        {
            return Vector128.Create(SumOne(lanes0), SumOne(lanes1), SumOne(lanes2), SumOne(lanes3)).As<float, T>();
        }

        var sums = PairSums.AddPairs64(PairSums.AddPairs32(lanes0, lanes1), PairSums.AddPairs32(lanes2, lanes3));
        return sums.GetLower() + sums.GetUpper();
    }

    // The bits of one sum.
    private static float SumOne<T>(Vector256<T> lanes)
    {
        var (lower, upper) = (lanes.GetLower(), lanes.GetUpper());
        lower += Swap(lower, Vector128.Create(2, 3, 0, 1));
        upper += Swap(upper, Vector128.Create(2, 3, 0, 1));
        return (lower + Swap(lower, Vector128.Create(1, 0, 3, 2)) + (upper + Swap(upper, Vector128.Create(1, 0, 3, 2)))).As<T, float>()[0];
    }

    private static Vector128<T> Swap<T>(Vector128<T> values, Vector128<int> order) => Vector128.Shuffle(values.As<T, int>(), order).As<int, T>();

    // What is left of the squares.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Try<TIsa>(float* values, Vector128<float> reciprocals, Vector128<float> energies, out Vector128<float> crosses)
        where TIsa : struct, IIsa
    {
        Vector128<float> errors;
        if (TIsa.Level >= IsaLevel.Avx512)
        {
            var sums01 = Avx512Steps.AddPairs32(RoundWide(values, reciprocals[0]), RoundWide(values + 32, reciprocals[1]));
            var sums23 = Avx512Steps.AddPairs32(RoundWide(values + 64, reciprocals[2]), RoundWide(values + 96, reciprocals[3]));
            var sums = Avx512Steps.AddPairs64(sums01, sums23);
            errors = sums.GetLower().GetLower() + sums.GetLower().GetUpper();
            crosses = sums.GetUpper().GetLower() + sums.GetUpper().GetUpper();
        }
        else
        {
            Round(values, reciprocals[0], out var errors0, out var crosses0);
            Round(values + 32, reciprocals[1], out var errors1, out var crosses1);
            Round(values + 64, reciprocals[2], out var errors2, out var crosses2);
            Round(values + 96, reciprocals[3], out var errors3, out var crosses3);
            errors = Sum(errors0, errors1, errors2, errors3);
            crosses = Sum(crosses0, crosses1, crosses2, crosses3);
        }

        // Σt² = Σ(q + d)².
        var squares = energies - (crosses + crosses) - errors;
        return errors - (crosses * crosses / squares);
    }

    // Lane l of the lower half sums d² of the values l and l + 16, then those 8 further on; lane l of the upper half d·q.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> RoundWide(float* values, float reciprocal)
    {
        var factor = Vector512.Create(reciprocal);
        var t0 = Vector512.Load(values) * factor;
        var t1 = Vector512.Load(values + 16) * factor;
        var q0 = Vector512.Round(t0);
        var q1 = Vector512.Round(t1);
        var d0 = t0 - q0;
        var d1 = t1 - q1;
        var errors = Vector512.MultiplyAddEstimate(d1, d1, d0 * d0);
        var crosses = Vector512.MultiplyAddEstimate(d1, q1, d0 * q0);
        return Avx512Steps.AddHalves(errors, crosses);
    }

    // As RoundWide.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(float* values, float reciprocal, out Vector256<float> errors, out Vector256<float> crosses)
    {
        RoundHalf(values, reciprocal, out var errors0, out var crosses0);
        RoundHalf(values + 8, reciprocal, out var errors1, out var crosses1);
        errors = errors0 + errors1;
        crosses = crosses0 + crosses1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RoundHalf(float* values, float reciprocal, out Vector256<float> errors, out Vector256<float> crosses)
    {
        var factor = Vector256.Create(reciprocal);
        var t0 = Vector256.Load(values) * factor;
        var t1 = Vector256.Load(values + 16) * factor;
        var q0 = Vector256.Round(t0);
        var q1 = Vector256.Round(t1);
        var d0 = t0 - q0;
        var d1 = t1 - q1;
        errors = Vector256.MultiplyAddEstimate(d1, d1, d0 * d0);
        crosses = Vector256.MultiplyAddEstimate(d1, q1, d0 * q0);
    }

    // Lanes of Σt².
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Energy(float* values, float reciprocal)
    {
        var factor = Vector256.Create(reciprocal);
        var x0 = Vector256.Load(values) * factor;
        var x1 = Vector256.Load(values + 8) * factor;
        var x2 = Vector256.Load(values + 16) * factor;
        var x3 = Vector256.Load(values + 24) * factor;
        return Vector256.MultiplyAddEstimate(x2, x2, x0 * x0) + Vector256.MultiplyAddEstimate(x3, x3, x1 * x1);
    }
}
