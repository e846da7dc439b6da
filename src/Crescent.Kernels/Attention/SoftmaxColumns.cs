using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Crescent.Kernels.Attention;

/// <summary>The running softmax of <see cref="SoftmaxTile"/> for 16 queries at once, a lane a query, with the same bits.</summary>
internal static unsafe class SoftmaxColumns
{
    /// <summary>Queries of a group.</summary>
    public const int Queries = 16;

    /// <summary>
    /// Turns the scores of a tile into weights, moves each query's running maximum and sum, and gives the factor on what it has summed so far. Keys that
    /// a query does not see get weight 0.
    /// </summary>
    /// <param name="scores">[TilePositions, 16]: keys first..last, overwritten by weights</param>
    /// <param name="first">A multiple of 16, as is <paramref name="last"/>.</param>
    /// <param name="starts">[16]: first key that each query sees</param>
    /// <param name="ends">[16]: end (exclusive) of the keys that each query sees</param>
    /// <param name="stats">[16, 2]: running maximum and sum; −∞ and 0 before the first tile</param>
    /// <param name="carry">[16]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Run(float* scores, int first, int last, int* starts, int* ends, float* stats, float* carry)
    {
        var (start, end) = (Vector512.Load(starts), Vector512.Load(ends));
        var hidden = Vector512.Create(float.NegativeInfinity);
        var tileMax = hidden;
        for (var j = first; j < last; j++)
        {
            var key = Vector512.Create(j);
            var seen = (Vector512.LessThanOrEqual(start, key) & Vector512.GreaterThan(end, key)).AsSingle();
            var score = Vector512.ConditionalSelect(seen, Vector512.Load(scores + (j * Queries)), hidden);
            score.Store(scores + (j * Queries));
            tileMax = Vector512.MaxNative(tileMax, score);
        }

        var (low, high) = (Vector512.Load(stats), Vector512.Load(stats + Queries));
        var even = Vector512.Create(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
        var before = Avx512F.PermuteVar16x32x2(low, even, high);
        var sum = Avx512F.PermuteVar16x32x2(low, even + Vector512<int>.One, high);
        var max = Vector512.Max(before, tileMax);
        var shift = Vector512.ConditionalSelect(Vector512.Equals(max, hidden), Vector512<float>.Zero, max); // nothing visible yet: all weights are 0
        for (var j = first * Queries; j < last * Queries; j += Queries)
        {
            SoftmaxTile.Exp<Lanes512, Vector512<float>>(Vector512.Load(scores + j) - shift).Store(scores + j);
        }

        var factor = SoftmaxTile.Exp<Lanes512, Vector512<float>>(before - shift);
        factor.Store(carry);
        sum = (sum * factor) + Sum(scores, first, last);
        var pairs = Vector512.Create(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        Avx512F.PermuteVar16x32x2(max, pairs, sum).Store(stats);
        Avx512F.PermuteVar16x32x2(max, pairs + Vector512.Create(8), sum).Store(stats + Queries);
    }

    // The order of SoftmaxTile's sum: the keys j ≡ l (mod 16), ascending; then l and l+8, l+4, l+2, l+1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Sum(float* weights, int first, int last)
    {
        var f0 = Four(weights, first, last, 0);
        var f1 = Four(weights, first, last, 1);
        var f2 = Four(weights, first, last, 2);
        var f3 = Four(weights, first, last, 3);
        return f0 + f2 + (f1 + f3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Four(float* weights, int first, int last, int lane) =>
        Lane(weights, first, last, lane) + Lane(weights, first, last, lane + 8)
        + (Lane(weights, first, last, lane + 4) + Lane(weights, first, last, lane + 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Lane(float* weights, int first, int last, int lane)
    {
        var sum = Vector512.Load(weights + ((first + lane) * Queries));
        for (var j = first + lane + 16; j < last; j += 16)
        {
            sum += Vector512.Load(weights + (j * Queries));
        }

        return sum;
    }
}
