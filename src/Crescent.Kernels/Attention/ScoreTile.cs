using System.Runtime.CompilerServices;

namespace Crescent.Kernels.Attention;

/// <summary>Scores of a few queries against the keys of a tile.</summary>
internal static unsafe class ScoreTile
{
    /// <summary>Keys of a panel: the keys of a tile lie in panels [width, PanelKeys], a lane a key.</summary>
    public const int PanelKeys = 32;

    /// <summary>Keys that are loaded and laid out at a time: few enough for the first-level cache.</summary>
    public const int StripKeys = 16;

    /// <summary>Products summed in one chain: a long one rounds more. Sums of chains are added in order.</summary>
    public const int ChainLength = 32;

    /// <summary>scores[query, 0..PanelKeys] = scale · Σ_i query[i]·key[i], i ascending.</summary>
    /// <param name="queries">[TCount] pointers to queries [width]</param>
    /// <param name="panel">[width, PanelKeys]</param>
    /// <param name="scores">[TCount, PagedAttention.TilePositions]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Run<TLanes, TVector, TCount>(float** queries, float* panel, nint width, float scale, float* scores)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
        where TCount : struct, IWidth
    {
        var q0 = queries[0];
        var q1 = TCount.Value > 1 ? queries[1] : q0;
        var q2 = TCount.Value > 2 ? queries[2] : q0;
        var q3 = TCount.Value > 2 ? queries[3] : q0;
        var q4 = TCount.Value > 4 ? queries[4] : q0;
        var q5 = TCount.Value > 4 ? queries[5] : q0;
        var q6 = TCount.Value > 4 ? queries[6] : q0;
        var q7 = TCount.Value > 4 ? queries[7] : q0;
        var zero = TLanes.Create(0);
        for (var lane = 0; lane < PanelKeys; lane += 2 * TLanes.Count)
        {
            var key = panel + lane;
            var target = scores + lane;
            for (nint first = 0; first < width; first += ChainLength)
            {
                var a0 = zero;
                var b0 = zero;
                var a1 = zero;
                var b1 = zero;
                var a2 = zero;
                var b2 = zero;
                var a3 = zero;
                var b3 = zero;
                var a4 = zero;
                var b4 = zero;
                var a5 = zero;
                var b5 = zero;
                var a6 = zero;
                var b6 = zero;
                var a7 = zero;
                var b7 = zero;
                var end = Math.Min(first + ChainLength, width);
                for (var i = first; i < end; i++, key += PanelKeys)
                {
                    var ka = TLanes.Load(key);
                    var kb = TLanes.Load(key + TLanes.Count);
                    Step<TLanes, TVector>(q0[i], ka, kb, ref a0, ref b0);
                    if (TCount.Value > 1)
                    {
                        Step<TLanes, TVector>(q1[i], ka, kb, ref a1, ref b1);
                    }

                    if (TCount.Value > 2)
                    {
                        Step<TLanes, TVector>(q2[i], ka, kb, ref a2, ref b2);
                        Step<TLanes, TVector>(q3[i], ka, kb, ref a3, ref b3);
                    }

                    if (TCount.Value > 4)
                    {
                        Step<TLanes, TVector>(q4[i], ka, kb, ref a4, ref b4);
                        Step<TLanes, TVector>(q5[i], ka, kb, ref a5, ref b5);
                        Step<TLanes, TVector>(q6[i], ka, kb, ref a6, ref b6);
                        Step<TLanes, TVector>(q7[i], ka, kb, ref a7, ref b7);
                    }
                }

                var factor = TLanes.Create(end == width ? scale : 1);
                Store<TLanes, TVector>(a0, b0, first > 0, factor, target);
                if (TCount.Value > 1)
                {
                    Store<TLanes, TVector>(a1, b1, first > 0, factor, target + PagedAttention.TilePositions);
                }

                if (TCount.Value > 2)
                {
                    Store<TLanes, TVector>(a2, b2, first > 0, factor, target + (2 * PagedAttention.TilePositions));
                    Store<TLanes, TVector>(a3, b3, first > 0, factor, target + (3 * PagedAttention.TilePositions));
                }

                if (TCount.Value > 4)
                {
                    Store<TLanes, TVector>(a4, b4, first > 0, factor, target + (4 * PagedAttention.TilePositions));
                    Store<TLanes, TVector>(a5, b5, first > 0, factor, target + (5 * PagedAttention.TilePositions));
                    Store<TLanes, TVector>(a6, b6, first > 0, factor, target + (6 * PagedAttention.TilePositions));
                    Store<TLanes, TVector>(a7, b7, first > 0, factor, target + (7 * PagedAttention.TilePositions));
                }
            }
        }
    }

    /// <summary>Lays a strip of keys out in its panel: panel[i, key] = rows[key, i], for whole vectors of values.</summary>
    /// <param name="rows">[StripKeys, stride]</param>
    /// <param name="panel">[width, PanelKeys], at the strip's first key</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Transpose<TLanes, TVector>(float* rows, nint stride, int width, float* panel)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        for (nint i = 0; i < width; i += TLanes.Count)
        {
            for (nint key = 0; key < StripKeys; key += TLanes.Count)
            {
                TLanes.Transpose(rows + (key * stride) + i, stride, panel + (i * PanelKeys) + key, PanelKeys);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<TLanes, TVector>(float query, TVector keyA, TVector keyB, ref TVector a, ref TVector b)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        var q = TLanes.Create(query);
        a = TLanes.MultiplyAdd(q, keyA, a);
        b = TLanes.MultiplyAdd(q, keyB, b);
    }

    // target ← (target +) sum, times the factor
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TLanes, TVector>(TVector a, TVector b, bool adds, TVector factor, float* target)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        if (adds)
        {
            a = TLanes.Add(TLanes.Load(target), a);
            b = TLanes.Add(TLanes.Load(target + TLanes.Count), b);
        }

        TLanes.Store(TLanes.Multiply(a, factor), target);
        TLanes.Store(TLanes.Multiply(b, factor), target + TLanes.Count);
    }
}
