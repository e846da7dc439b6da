using System.Runtime.CompilerServices;

namespace Crescent.Kernels.Attention;

/// <summary>Scores of a few queries against the keys of a tile.</summary>
internal static unsafe class ScoreTile
{
    /// <summary>Keys of a panel: the keys of a tile lie in panels [width, PanelKeys], a lane a key.</summary>
    public const int PanelKeys = 32;

    /// <summary>scores[query, 0..PanelKeys] = scale · Σ_i query[i]·key[i], i ascending in one chain of sums.</summary>
    /// <param name="queries">[TCount] pointers to queries [width]</param>
    /// <param name="panel">[width, PanelKeys]</param>
    /// <param name="scores">[TCount, PagedAttention.TilePositions]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Run<TLanes, TVector, TCount>(float** queries, float* panel, nint width, float scale, float* scores)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
        where TCount : struct, IQueryCount
    {
        var q0 = queries[0];
        var q1 = TCount.Value > 1 ? queries[1] : q0;
        var q2 = TCount.Value > 2 ? queries[2] : q0;
        var q3 = TCount.Value > 2 ? queries[3] : q0;
        var q4 = TCount.Value > 4 ? queries[4] : q0;
        var q5 = TCount.Value > 4 ? queries[5] : q0;
        var q6 = TCount.Value > 4 ? queries[6] : q0;
        var q7 = TCount.Value > 4 ? queries[7] : q0;
        var factor = TLanes.Create(scale);
        for (var lane = 0; lane < PanelKeys; lane += 2 * TLanes.Count)
        {
            var a0 = TLanes.Create(0);
            var b0 = a0;
            var a1 = a0;
            var b1 = a0;
            var a2 = a0;
            var b2 = a0;
            var a3 = a0;
            var b3 = a0;
            var a4 = a0;
            var b4 = a0;
            var a5 = a0;
            var b5 = a0;
            var a6 = a0;
            var b6 = a0;
            var a7 = a0;
            var b7 = a0;
            var key = panel + lane;
            for (nint i = 0; i < width; i++, key += PanelKeys)
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

            var target = scores + lane;
            Store<TLanes, TVector>(a0, b0, factor, target);
            if (TCount.Value > 1)
            {
                Store<TLanes, TVector>(a1, b1, factor, target + PagedAttention.TilePositions);
            }

            if (TCount.Value > 2)
            {
                Store<TLanes, TVector>(a2, b2, factor, target + (2 * PagedAttention.TilePositions));
                Store<TLanes, TVector>(a3, b3, factor, target + (3 * PagedAttention.TilePositions));
            }

            if (TCount.Value > 4)
            {
                Store<TLanes, TVector>(a4, b4, factor, target + (4 * PagedAttention.TilePositions));
                Store<TLanes, TVector>(a5, b5, factor, target + (5 * PagedAttention.TilePositions));
                Store<TLanes, TVector>(a6, b6, factor, target + (6 * PagedAttention.TilePositions));
                Store<TLanes, TVector>(a7, b7, factor, target + (7 * PagedAttention.TilePositions));
            }
        }
    }

    /// <summary>Lays keys out in panels: panels[key / PanelKeys, i, key % PanelKeys] = rows[key, i], for whole vectors of keys and values.</summary>
    /// <param name="rows">[keys, stride]</param>
    /// <param name="stride">A multiple of PanelKeys.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Transpose<TLanes, TVector>(float* rows, nint stride, int keys, int width, float* panels)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        for (nint key = 0; key < keys; key += TLanes.Count)
        {
            var target = panels + (key / PanelKeys * stride * PanelKeys) + (key % PanelKeys);
            for (nint i = 0; i < width; i += TLanes.Count)
            {
                TLanes.Transpose(rows + (key * stride) + i, stride, target + (i * PanelKeys), PanelKeys);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TLanes, TVector>(TVector a, TVector b, TVector factor, float* target)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        TLanes.Store(TLanes.Multiply(a, factor), target);
        TLanes.Store(TLanes.Multiply(b, factor), target + TLanes.Count);
    }
}
