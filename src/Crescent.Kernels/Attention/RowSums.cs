namespace Crescent.Kernels.Attention;

/// <summary>Scores, weights and sums of a tile for the queries of an item: blocks of 8, 4, 2 and 1 queries, keys laid out in panels.</summary>
internal readonly unsafe ref struct RowSums<TTiles, TLanes, TVector>(AttentionShape shape, AttentionScratch layout, AttentionModifiers modifiers, TTiles tiles)
    where TTiles : struct, IKeyValueTiles, allows ref struct
    where TLanes : struct, IFloatLanes<TVector>
    where TVector : struct
{
    private readonly TTiles _tiles = tiles;

    /// <summary>Adds one tile to the sums of an item's queries.</summary>
    /// <param name="tile">Position of its first key.</param>
    /// <param name="loaded">Its keys.</param>
    public void Sum(AttentionItem item, AttentionScratch.Part scratch, int tile, int loaded)
    {
        var group = new TileGroup { Tile = tile, Loaded = loaded, PrefetchLines = (_tiles.LinesATile / PrefetchTurns(item.Queries)) + 1 };
        for (var strip = 0; strip < loaded; strip += ScoreTile.StripKeys)
        {
            var rows = scratch.Keys + ((long)strip * layout.KeyStride);
            var stride = layout.SumStride;
            var values = _tiles.Load(
                item.Sequence, item.KvHead, tile + strip, Math.Min(ScoreTile.StripKeys, loaded - strip), rows, layout.KeyStride,
                scratch.Values == null ? null : scratch.Values + ((long)strip * stride), ref stride);
            if (strip == 0)
            {
                group.Values = values;
                group.ValueStride = stride;
            }

            Prefetch(item, ref group);
            var panel = scratch.Panels + ((long)strip / ScoreTile.PanelKeys * ScoreTile.PanelKeys * layout.KeyStride) + (strip % ScoreTile.PanelKeys);
            ScoreTile.Transpose<TLanes, TVector>(rows, layout.KeyStride, shape.KeyWidth, panel);
        }

        for (var query = 0; query < item.Queries;)
        {
            group.FirstQuery = query;
            var left = item.Queries - query;
            if (left >= 8 && TLanes.Queries >= 8)
            {
                SumGroup<Width8>(item, scratch, ref group);
                query += 8;
            }
            else if (left >= 4)
            {
                SumGroup<Width4>(item, scratch, ref group);
                query += 4;
            }
            else if (left >= 2)
            {
                SumGroup<Width2>(item, scratch, ref group);
                query += 2;
            }
            else
            {
                SumGroup<Width1>(item, scratch, ref group);
                query++;
            }
        }
    }

    private void SumGroup<TCount>(AttentionItem item, AttentionScratch.Part scratch, ref TileGroup group)
        where TCount : struct, IWidth
    {
        // Tokens ascend, and so do the beginnings and ends of what they see.
        var firstView = View(item, group, 0);
        var lastView = View(item, group, TCount.Value - 1);
        var (start, end) = (firstView.Start, lastView.End);
        if (start >= end)
        {
            return;
        }

        var firstKey = start / ScoreTile.PanelKeys * ScoreTile.PanelKeys;
        var lastKey = (end + ScoreTile.PanelKeys - 1) / ScoreTile.PanelKeys * ScoreTile.PanelKeys;
        for (var key = firstKey; key < lastKey; key += ScoreTile.PanelKeys)
        {
            Prefetch(item, ref group);
            ScoreTile.Run<TLanes, TVector, TCount>(
                scratch.Queries + group.FirstQuery, scratch.Panels + ((long)key * layout.KeyStride), shape.KeyWidth, shape.Scale, scratch.Scores + key);
        }

        for (var i = 0; i < TCount.Value; i++)
        {
            Prefetch(item, ref group);
            var view = View(item, group, i);
            scratch.Carry[i] = SoftmaxTile.Run<TLanes, TVector>(
                scratch.Scores + (i * PagedAttention.TilePositions), firstKey, lastKey, in view, shape.SoftCap, scratch.Stats + (2 * (group.FirstQuery + i)));
        }

        var sums = scratch.Sums + ((long)group.FirstQuery * layout.SumStride);
        if (IsFinite(group, start, Math.Min(lastView.Start, end)) && IsFinite(group, Math.Max(firstView.End, start), end))
        {
            ValueTile.Accumulate<TLanes, TVector, TCount>(scratch.Scores, group.Values, group.ValueStride, start, end, scratch.Carry, sums, layout.SumStride);
            return;
        }

        // 0·∞ is NaN: values that not all of the group see must not meet the weights 0 of the others.
        for (var i = 0; i < TCount.Value; i++)
        {
            var view = View(item, group, i);
            if (view.Start < view.End)
            {
                ValueTile.Accumulate<TLanes, TVector, Width1>(
                    scratch.Scores + (i * PagedAttention.TilePositions), group.Values, group.ValueStride, view.Start, view.End, scratch.Carry + i,
                    sums + ((long)i * layout.SumStride), layout.SumStride);
            }
        }
    }

    // How often an item asks for lines while it is at a tile: with each strip, twice a group and once a query. Long bursts would hold up the sums.
    private static int PrefetchTurns(int queries) =>
        (PagedAttention.TilePositions / ScoreTile.StripKeys) + (2 * ((queries + TLanes.Queries - 1) / TLanes.Queries)) + queries;

    // A little of the next tile at a time, so that memory answers while sums are taken.
    private void Prefetch(in AttentionItem item, ref TileGroup group)
    {
        if (group.PrefetchedLines < _tiles.LinesATile)
        {
            _tiles.Prefetch(item.Sequence, item.KvHead, group.Tile + PagedAttention.TilePositions, group.PrefetchedLines, group.PrefetchLines);
            group.PrefetchedLines += group.PrefetchLines;
        }
    }

    private bool IsFinite(in TileGroup group, int start, int end) =>
        start >= end || ValueTile.AreFinite<TLanes, TVector>(group.Values, group.ValueStride, layout.SumStride, start, end);

    private TileView View(in AttentionItem item, in TileGroup group, int query) =>
        new(modifiers, item.Position(item.TokenOf(group.FirstQuery + query)), group.Tile, group.Loaded)
        {
            Slope = modifiers.Slopes is { } slopes ? slopes[item.HeadOf(group.FirstQuery + query)] : 0,
        };
}
