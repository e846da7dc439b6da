namespace Crescent.Kernels.Attention;

/// <summary>How a run of attention is cut into items of work. Results do not depend on it.</summary>
/// <param name="HeadBlock">Heads of an item, all of one kv head.</param>
/// <param name="HeadBlocks">Blocks of heads over all kv heads.</param>
/// <param name="TokenBlock">Tokens of an item, all of one span.</param>
/// <param name="TokenBlocks">Blocks of tokens over all spans.</param>
/// <param name="FirstSegment">First segment of positions that an item of its own takes.</param>
/// <param name="Segments">Segments from there that items of their own take; 0 where an item takes all positions.</param>
internal readonly record struct AttentionPlan(int HeadBlock, int HeadBlocks, int TokenBlock, int TokenBlocks, int FirstSegment, int Segments)
{
    /// <summary>Queries that share a tile once it is loaded: enough to hide the loading, few enough that their sums stay in the second-level cache.</summary>
    public const int Queries = 64;

    // Below as many items a thread, items take segments of positions.
    private const int ItemsAThread = 4;

    // What items of their own have summed is kept till all are done: 8 MiB a thread at most.
    private const long PartialFloatsAThread = 2 << 20;

    // Items that a thread takes together: the next tile is asked for while one is summed, so segments that follow each other are best in one hand.
    private const int MostTogether = 4;

    public int Items => TokenBlocks * HeadBlocks * Math.Max(1, Segments);

    /// <summary>Most queries of an item.</summary>
    public int PlacesAnItem => HeadBlock * TokenBlock;

    /// <summary>Items that a thread takes at a time.</summary>
    public int Grain(int threads) => Segments > 0 && TokenBlocks * HeadBlocks == 1 ? Math.Clamp(Segments / (2 * threads), 1, MostTogether) : 1;

    /// <param name="mayCutPositions">Whether items may take segments of positions.</param>
    /// <param name="partialFloats">Floats that an item keeps for a query and segment.</param>
    public static AttentionPlan Make(
        AttentionShape shape, ReadOnlySpan<AttentionSpan> spans, AttentionModifiers modifiers, int threads, bool mayCutPositions, int partialFloats)
    {
        var headBlock = Math.Min(shape.GroupSize, Queries);
        var tokenBlock = Math.Max(1, Queries / headBlock);
        var (tokenBlocks, rows, firstSegment, endSegment) = (0, 0, int.MaxValue, 0);
        foreach (ref readonly var span in spans)
        {
            tokenBlocks += (span.Count + tokenBlock - 1) / tokenBlock;
            rows += span.Count;
            firstSegment = Math.Min(firstSegment, PositionSegments.IndexOf(modifiers.FirstVisible(span.FirstPosition)));
            endSegment = Math.Max(endSegment, PositionSegments.IndexOf(span.FirstPosition + Math.Max(1, span.Count) - 1) + 1);
        }

        var headBlocks = shape.KvHeads * Blocks(shape.GroupSize, headBlock);
        var segments = endSegment - firstSegment;
        var isCut = mayCutPositions && segments > 1 && (long)tokenBlocks * headBlocks < (long)threads * ItemsAThread
            && (long)rows * shape.Heads * segments * partialFloats <= PartialFloatsAThread * threads;
        var items = (long)tokenBlocks * headBlocks * (isCut ? segments : 1);
        if (items > 0 && items < threads)
        {
            // Threads would be idle: fewer heads an item, in whole fours.
            var parts = (int)((threads + items - 1) / items);
            headBlock = Math.Min(headBlock, (((shape.GroupSize + parts - 1) / parts) + 3) / 4 * 4);
            headBlocks = shape.KvHeads * Blocks(shape.GroupSize, headBlock);
        }

        return new AttentionPlan(headBlock, headBlocks, tokenBlock, tokenBlocks, isCut ? firstSegment : 0, isCut ? segments : 0);
    }

    private static int Blocks(int count, int block) => (count + block - 1) / block;
}
