using Crescent.Kernels.Threading;

namespace Crescent.Kernels.Attention;

/// <summary>
/// Attention of one run, in items: a block of tokens of one span × a block of the heads of one kv head, over all positions or one segment of them.
/// </summary>
internal unsafe ref struct AttentionWork<TTiles, TLanes, TVector> : IWork
    where TTiles : struct, IKeyValueTiles, allows ref struct
    where TLanes : struct, IFloatLanes<TVector>
    where TVector : struct
{
    public AttentionShape Shape;
    public AttentionScratch Scratch;
    public AttentionModifiers Modifiers;
    public AttentionPlan Plan;
    public ReadOnlySpan<AttentionSpan> Spans;
    public TTiles Tiles;
    public float* Queries; // [rows, heads, keyWidth]
    public float* Output; // [rows, heads, valueWidth]
    public float* Stats; // [rows, heads, 2]: running maximum and sum between runs that continue each other
    public float* Partials; // [rows, heads, Plan.Segments, PartialFloats]: sums, then running maximum and sum
    public int FirstPosition;
    public int EndPosition;
    public bool IsSegmented;
    public bool Initialise;
    public bool Finish;

    /// <summary>Floats that an item keeps for a query and segment.</summary>
    public static int PartialFloats(AttentionScratch scratch) => scratch.SumStride + ScoreTile.PanelKeys;

    public readonly void Execute(int start, int end, int worker)
    {
        for (var item = start; item < end; item++)
        {
            // The last segments are the longest: they go first.
            var blocks = Plan.TokenBlocks * Plan.HeadBlocks;
            var segment = Plan.Segments == 0 ? -1 : Plan.FirstSegment + Plan.Segments - 1 - (item / blocks);
            Attend(ItemOf(item % blocks), segment, Scratch.Of(worker));
        }
    }

    /// <summary>Adds up the segments of one item that were summed apart, and finishes its output.</summary>
    public readonly void Combine(int index)
    {
        var item = ItemOf(index);
        var (first, last) = (PositionSegments.IndexOf(FirstTile(item)), PositionSegments.IndexOf(item.Position(item.EndToken) - 1));
        var stride = PartialFloats(Scratch);
        for (var query = 0; query < item.Queries; query++)
        {
            var total = Partial(item.Row(query), first);
            for (var segment = first + 1; segment <= last; segment++)
            {
                var part = Partial(item.Row(query), segment);
                SoftmaxTile.Merge<TLanes, TVector>(total, total + Scratch.SumStride, part, part + Scratch.SumStride, Scratch.SumStride);
            }

            Complete(item, query, total, total + Scratch.SumStride);
        }
    }

    private readonly AttentionItem ItemOf(int index)
    {
        var (tokenItem, headItem) = (index / Plan.HeadBlocks, index % Plan.HeadBlocks);
        var sequence = 0;
        while (true)
        {
            var blocks = (Spans[sequence].Count + Plan.TokenBlock - 1) / Plan.TokenBlock;
            if (tokenItem < blocks)
            {
                return new AttentionItem(Shape, Plan, Spans[sequence], sequence, tokenItem * Plan.TokenBlock, headItem);
            }

            tokenItem -= blocks;
            sequence++;
        }
    }

    private readonly void Attend(AttentionItem item, int segment, AttentionScratch.Part scratch)
    {
        var first = Math.Max(FirstPosition, FirstTile(item));
        var last = Math.Min(EndPosition, item.Position(item.EndToken));
        if (segment >= 0)
        {
            first = Math.Max(first, PositionSegments.Start(segment));
            last = Math.Min(last, PositionSegments.Start(segment + 1));
            if (first >= last)
            {
                return;
            }
        }

        for (var query = 0; query < item.Queries; query++)
        {
            scratch.Queries[query] = Queries + (item.Row(query) * Shape.KeyWidth);
        }

        if (Initialise)
        {
            Clear(scratch.Sums, scratch.Stats, item.Queries);
        }
        else
        {
            Continue(item, scratch);
        }

        var hasTotal = Sum(item, scratch, first, last);
        var sums = hasTotal ? scratch.Totals : scratch.Sums;
        var stats = hasTotal ? scratch.TotalStats : scratch.Stats;
        for (var query = 0; query < item.Queries; query++)
        {
            var querySums = sums + (query * Scratch.SumStride);
            var queryStats = stats + (2 * query);
            if (segment >= 0)
            {
                var partial = Partial(item.Row(query), segment);
                Copy(querySums, partial, Scratch.SumStride);
                Copy(queryStats, partial + Scratch.SumStride, 2);
            }
            else if (Finish)
            {
                Complete(item, query, querySums, queryStats);
            }
            else
            {
                Copy(querySums, Output + (item.Row(query) * Shape.ValueWidth), Shape.ValueWidth);
                Copy(queryStats, Stats + (2 * item.Row(query)), 2);
            }
        }
    }

    // Tile by tile; what a segment has summed is added to the total where the next one begins. Returns whether there is a total.
    private readonly bool Sum(AttentionItem item, AttentionScratch.Part scratch, int first, int last)
    {
        var hasTotal = false;
        var segmentEnd = IsSegmented ? PositionSegments.Start(PositionSegments.IndexOf(first) + 1) : int.MaxValue;
        for (var tile = first; tile < last; tile += PagedAttention.TilePositions)
        {
            if (tile == segmentEnd)
            {
                AddToTotal(item, scratch, hasTotal);
                Clear(scratch.Sums, scratch.Stats, item.Queries);
                segmentEnd = PositionSegments.Start(PositionSegments.IndexOf(tile) + 1);
                hasTotal = true;
            }

            SumTile(item, scratch, tile, Math.Min(PagedAttention.TilePositions, last - tile));
        }

        if (hasTotal)
        {
            AddToTotal(item, scratch, hasTotal);
        }

        return hasTotal;
    }

    private readonly void SumTile(AttentionItem item, AttentionScratch.Part scratch, int tile, int loaded)
    {
        var group = new TileGroup { Tile = tile, Loaded = loaded, PrefetchLines = (Tiles.LinesATile / PrefetchTurns(item.Queries)) + 1 };
        for (var strip = 0; strip < loaded; strip += ScoreTile.StripKeys)
        {
            var rows = scratch.Keys + ((long)strip * Scratch.KeyStride);
            var stride = Scratch.SumStride;
            var values = Tiles.Load(
                item.Sequence, item.KvHead, tile + strip, Math.Min(ScoreTile.StripKeys, loaded - strip), rows, Scratch.KeyStride,
                scratch.Values == null ? null : scratch.Values + ((long)strip * stride), ref stride);
            if (strip == 0)
            {
                group.Values = values;
                group.ValueStride = stride;
            }

            Prefetch(item, ref group);
            var panel = scratch.Panels + ((long)strip / ScoreTile.PanelKeys * ScoreTile.PanelKeys * Scratch.KeyStride) + (strip % ScoreTile.PanelKeys);
            ScoreTile.Transpose<TLanes, TVector>(rows, Scratch.KeyStride, Shape.KeyWidth, panel);
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

    private readonly void SumGroup<TCount>(AttentionItem item, AttentionScratch.Part scratch, ref TileGroup group)
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
                scratch.Queries + group.FirstQuery, scratch.Panels + ((long)key * Scratch.KeyStride), Shape.KeyWidth, Shape.Scale, scratch.Scores + key);
        }

        for (var i = 0; i < TCount.Value; i++)
        {
            Prefetch(item, ref group);
            var view = View(item, group, i);
            scratch.Carry[i] = SoftmaxTile.Run<TLanes, TVector>(
                scratch.Scores + (i * PagedAttention.TilePositions), firstKey, lastKey, in view, Shape.SoftCap, scratch.Stats + (2 * (group.FirstQuery + i)));
        }

        var sums = scratch.Sums + ((long)group.FirstQuery * Scratch.SumStride);
        if (IsFinite(group, start, Math.Min(lastView.Start, end)) && IsFinite(group, Math.Max(firstView.End, start), end))
        {
            ValueTile.Accumulate<TLanes, TVector, TCount>(scratch.Scores, group.Values, group.ValueStride, start, end, scratch.Carry, sums, Scratch.SumStride);
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
                    sums + ((long)i * Scratch.SumStride), Scratch.SumStride);
            }
        }
    }

    // How often an item asks for lines while it is at a tile: with each strip, twice a group and once a query. Long bursts would hold up the sums.
    private static int PrefetchTurns(int queries) =>
        (PagedAttention.TilePositions / ScoreTile.StripKeys) + (2 * ((queries + TLanes.Queries - 1) / TLanes.Queries)) + queries;

    // A little of the next tile at a time, so that memory answers while sums are taken.
    private readonly void Prefetch(in AttentionItem item, ref TileGroup group)
    {
        if (group.PrefetchedLines < Tiles.LinesATile)
        {
            Tiles.Prefetch(item.Sequence, item.KvHead, group.Tile + PagedAttention.TilePositions, group.PrefetchedLines, group.PrefetchLines);
            group.PrefetchedLines += group.PrefetchLines;
        }
    }

    private readonly bool IsFinite(in TileGroup group, int start, int end) =>
        start >= end || ValueTile.AreFinite<TLanes, TVector>(group.Values, group.ValueStride, Scratch.SumStride, start, end);

    private readonly TileView View(in AttentionItem item, in TileGroup group, int query) =>
        new(Modifiers, item.Position(item.TokenOf(group.FirstQuery + query)), group.Tile, group.Loaded)
        {
            Slope = Modifiers.Slopes is { } slopes ? slopes[item.HeadOf(group.FirstQuery + query)] : 0,
        };

    private readonly void AddToTotal(in AttentionItem item, AttentionScratch.Part scratch, bool hasTotal)
    {
        if (!hasTotal)
        {
            Copy(scratch.Sums, scratch.Totals, item.Queries * Scratch.SumStride);
            Copy(scratch.Stats, scratch.TotalStats, item.Queries * 2);
            return;
        }

        for (var query = 0; query < item.Queries; query++)
        {
            var offset = (long)query * Scratch.SumStride;
            SoftmaxTile.Merge<TLanes, TVector>(
                scratch.Totals + offset, scratch.TotalStats + (2 * query), scratch.Sums + offset, scratch.Stats + (2 * query), Scratch.SumStride);
        }
    }

    private readonly void Clear(float* sums, float* stats, int queries)
    {
        new Span<float>(sums, queries * Scratch.SumStride).Clear();
        for (var query = 0; query < queries; query++)
        {
            stats[2 * query] = float.NegativeInfinity;
            stats[(2 * query) + 1] = 0;
        }
    }

    private readonly void Continue(in AttentionItem item, AttentionScratch.Part scratch)
    {
        for (var query = 0; query < item.Queries; query++)
        {
            Copy(Output + (item.Row(query) * Shape.ValueWidth), scratch.Sums + (query * Scratch.SumStride), Shape.ValueWidth);
            Copy(Stats + (2 * item.Row(query)), scratch.Stats + (2 * query), 2);
        }
    }

    private readonly void Complete(in AttentionItem item, int query, float* sums, float* stats) => SoftmaxTile.Finish<TLanes, TVector>(
        sums, stats, Modifiers.Sinks?[item.HeadOf(query)], Output + (item.Row(query) * Shape.ValueWidth), Shape.ValueWidth);

    private readonly float* Partial(long row, int segment) => Partials + (((row * Plan.Segments) + segment - Plan.FirstSegment) * PartialFloats(Scratch));

    // The tile of the first position that the item's first token sees.
    private readonly int FirstTile(in AttentionItem item) =>
        Modifiers.FirstVisible(item.Position(item.FirstToken)) / PagedAttention.TilePositions * PagedAttention.TilePositions;

    private static void Copy(float* source, float* target, int count) => new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(target, count));
}
