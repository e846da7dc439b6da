namespace Crescent.Kernels.Attention;

/// <summary>What each of 16 queries sees of a tile. Tokens ascend, and so do the beginnings and ends of what they see.</summary>
internal unsafe struct ColumnViews
{
    /// <summary>[16]: first key that each query sees</summary>
    public fixed int Starts[SoftmaxColumns.Queries];

    /// <summary>[16]: end (exclusive) of the keys that each query sees</summary>
    public fixed int Ends[SoftmaxColumns.Queries];

    public ColumnViews(AttentionModifiers modifiers, in AttentionItem item, in TileGroup group)
    {
        for (var lane = 0; lane < SoftmaxColumns.Queries; lane++)
        {
            // Lanes without a query see what the last one does.
            var query = Math.Min(group.FirstQuery + lane, item.Queries - 1);
            var view = new TileView(modifiers, item.Position(item.TokenOf(query)), group.Tile, group.Loaded);
            Starts[lane] = view.Start;
            Ends[lane] = view.End;
        }

        const int Last = SoftmaxColumns.Queries - 1;
        (Start, End) = (Starts[0], Ends[Last]);
        (CommonStart, CommonEnd) = (Math.Min(Starts[Last], End), Math.Max(Ends[0], Start));
    }

    /// <summary>First key that any query sees.</summary>
    public int Start { get; }

    /// <summary>End (exclusive) of the keys that any query sees.</summary>
    public int End { get; }

    /// <summary>From here to <see cref="CommonEnd"/> all queries see the same.</summary>
    public int CommonStart { get; }

    public int CommonEnd { get; }

    /// <summary>Beginning of the block of keys that holds the first one.</summary>
    public readonly int FirstKey => Start / SoftmaxColumns.Queries * SoftmaxColumns.Queries;

    /// <summary>End of the block of keys that holds the last one.</summary>
    public readonly int LastKey => (End + SoftmaxColumns.Queries - 1) / SoftmaxColumns.Queries * SoftmaxColumns.Queries;
}
