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
    public RowSums<TTiles, TLanes, TVector> Rows;
    public ColumnSums<TTiles> Columns;
    public StoredSums<TTiles> Stored;
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
        // The last segments are the longest: they go first, but those that a thread takes together in the order of memory.
        var blocks = Plan.TokenBlocks * Plan.HeadBlocks;
        for (var item = end - 1; item >= start; item--)
        {
            var segment = Plan.Segments == 0 ? -1 : Plan.FirstSegment + Plan.Segments - 1 - (item / blocks);
            Attend(ItemOf(item % blocks), segment, Scratch.Of(worker));
        }
    }

    /// <summary>Adds up the segments of one query that were summed apart, and finishes its output.</summary>
    /// <param name="index">Counted over <see cref="AttentionPlan.PlacesAnItem"/> of each block.</param>
    public readonly void Combine(int index)
    {
        var item = ItemOf(index / Plan.PlacesAnItem);
        var query = index % Plan.PlacesAnItem;
        if (query >= item.Queries)
        {
            return;
        }

        var (first, last) = (PositionSegments.IndexOf(FirstTile(item)), PositionSegments.IndexOf(item.Position(item.EndToken) - 1));
        var total = Partial(item.Row(query), first);
        for (var segment = first + 1; segment <= last; segment++)
        {
            var part = Partial(item.Row(query), segment);
            SoftmaxTile.Merge<TLanes, TVector>(total, total + Scratch.SumStride, part, part + Scratch.SumStride, Scratch.SumStride);
        }

        Complete(item, query, total, total + Scratch.SumStride);
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

        if (Columns.Takes(item))
        {
            Columns.Begin(item, scratch);
        }

        Clear(item, scratch);
        if (!Initialise)
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
                Clear(item, scratch);
                segmentEnd = PositionSegments.Start(PositionSegments.IndexOf(tile) + 1);
                hasTotal = true;
            }

            var loaded = Math.Min(PagedAttention.TilePositions, last - tile);
            if (Columns.Takes(item))
            {
                Columns.Sum(item, scratch, tile, loaded);
            }
            else if (Stored.Takes(item))
            {
                Stored.Sum(item, scratch, tile, loaded);
            }
            else
            {
                Rows.Sum(item, scratch, tile, loaded);
            }
        }

        if (hasTotal)
        {
            AddToTotal(item, scratch, hasTotal);
        }

        return hasTotal;
    }

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

    private readonly void Clear(in AttentionItem item, AttentionScratch.Part scratch)
    {
        var queries = Columns.Takes(item) ? ColumnSums<TTiles>.Padded(item.Queries) : item.Queries;
        new Span<float>(scratch.Sums, queries * Scratch.SumStride).Clear();
        for (var query = 0; query < queries; query++)
        {
            scratch.Stats[2 * query] = float.NegativeInfinity;
            scratch.Stats[(2 * query) + 1] = 0;
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
