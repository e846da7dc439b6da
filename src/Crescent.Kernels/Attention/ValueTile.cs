using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Attention;

/// <summary>Weighted sums of a tile's values for a few queries.</summary>
internal static unsafe class ValueTile
{
    /// <summary>Values that are summed at a time: strides of values and sums are multiples of it.</summary>
    public const int BlockValues = 32;

    /// <summary>sums[query] ← carry[query]·sums[query] + Σ_j weights[query, j]·values[j], j ascending from <paramref name="start"/> to <paramref name="end"/>.</summary>
    /// <param name="weights">[TCount, PagedAttention.TilePositions]</param>
    /// <param name="values">[positions, valueStride]</param>
    /// <param name="carry">[TCount]</param>
    /// <param name="sums">[TCount, sumStride]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Accumulate<TLanes, TVector, TCount>(
        float* weights, float* values, nint valueStride, int start, int end, float* carry, float* sums, nint sumStride)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
        where TCount : struct, IWidth
    {
        values += start * valueStride;
        for (nint column = 0; column < sumStride; column += 2 * TLanes.Count)
        {
            var s = sums + column;
            TVector a1, b1, a2, b2, a3, b3, a4, b4, a5, b5, a6, b6, a7, b7;
            a1 = b1 = a2 = b2 = a3 = b3 = a4 = b4 = a5 = b5 = a6 = b6 = a7 = b7 = default;
            Load<TLanes, TVector>(s, carry[0], out var a0, out var b0);
            if (TCount.Value > 1)
            {
                Load<TLanes, TVector>(s + sumStride, carry[1], out a1, out b1);
            }

            if (TCount.Value > 2)
            {
                Load<TLanes, TVector>(s + (2 * sumStride), carry[2], out a2, out b2);
                Load<TLanes, TVector>(s + (3 * sumStride), carry[3], out a3, out b3);
            }

            if (TCount.Value > 4)
            {
                Load<TLanes, TVector>(s + (4 * sumStride), carry[4], out a4, out b4);
                Load<TLanes, TVector>(s + (5 * sumStride), carry[5], out a5, out b5);
                Load<TLanes, TVector>(s + (6 * sumStride), carry[6], out a6, out b6);
                Load<TLanes, TVector>(s + (7 * sumStride), carry[7], out a7, out b7);
            }

            var value = values + column;
            var last = weights + end;
            for (var w = weights + start; w < last; w++, value += valueStride)
            {
                var va = TLanes.Load(value);
                var vb = TLanes.Load(value + TLanes.Count);
                Step<TLanes, TVector>(w[0], va, vb, ref a0, ref b0);
                if (TCount.Value > 1)
                {
                    Step<TLanes, TVector>(w[PagedAttention.TilePositions], va, vb, ref a1, ref b1);
                }

                if (TCount.Value > 2)
                {
                    Step<TLanes, TVector>(w[2 * PagedAttention.TilePositions], va, vb, ref a2, ref b2);
                    Step<TLanes, TVector>(w[3 * PagedAttention.TilePositions], va, vb, ref a3, ref b3);
                }

                if (TCount.Value > 4)
                {
                    Step<TLanes, TVector>(w[4 * PagedAttention.TilePositions], va, vb, ref a4, ref b4);
                    Step<TLanes, TVector>(w[5 * PagedAttention.TilePositions], va, vb, ref a5, ref b5);
                    Step<TLanes, TVector>(w[6 * PagedAttention.TilePositions], va, vb, ref a6, ref b6);
                    Step<TLanes, TVector>(w[7 * PagedAttention.TilePositions], va, vb, ref a7, ref b7);
                }
            }

            Store<TLanes, TVector>(a0, b0, s);
            if (TCount.Value > 1)
            {
                Store<TLanes, TVector>(a1, b1, s + sumStride);
            }

            if (TCount.Value > 2)
            {
                Store<TLanes, TVector>(a2, b2, s + (2 * sumStride));
                Store<TLanes, TVector>(a3, b3, s + (3 * sumStride));
            }

            if (TCount.Value > 4)
            {
                Store<TLanes, TVector>(a4, b4, s + (4 * sumStride));
                Store<TLanes, TVector>(a5, b5, s + (5 * sumStride));
                Store<TLanes, TVector>(a6, b6, s + (6 * sumStride));
                Store<TLanes, TVector>(a7, b7, s + (7 * sumStride));
            }
        }
    }

    /// <summary>Whether the values of the rows start..end are all finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static bool AreFinite<TLanes, TVector>(float* values, nint valueStride, nint width, int start, int end)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        // 0 times anything finite is 0, all else NaN.
        var zero = TLanes.Create(0);
        var sum = zero;
        for (nint row = start; row < end; row++)
        {
            for (nint i = 0; i < width; i += TLanes.Count)
            {
                sum = TLanes.MultiplyAdd(TLanes.Load(values + (row * valueStride) + i), zero, sum);
            }
        }

        Vector512<float> all;
        var lanes = (float*)&all;
        TLanes.Store(sum, lanes);
        var total = 0f;
        for (var i = 0; i < TLanes.Count; i++)
        {
            total += lanes[i];
        }

        return total == 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load<TLanes, TVector>(float* sums, float carry, out TVector a, out TVector b)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        var factor = TLanes.Create(carry);
        a = TLanes.Multiply(TLanes.Load(sums), factor);
        b = TLanes.Multiply(TLanes.Load(sums + TLanes.Count), factor);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<TLanes, TVector>(float weight, TVector valueA, TVector valueB, ref TVector a, ref TVector b)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        var w = TLanes.Create(weight);
        a = TLanes.MultiplyAdd(w, valueA, a);
        b = TLanes.MultiplyAdd(w, valueB, b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TLanes, TVector>(TVector a, TVector b, float* target)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        TLanes.Store(a, target);
        TLanes.Store(b, target + TLanes.Count);
    }
}
