namespace Crescent.Kernels.Attention;

/// <summary>What one query sees of a tile, and what is added to its scores there.</summary>
internal struct TileView
{
    /// <param name="position">Position of the query.</param>
    /// <param name="tile">Position of the tile's first key.</param>
    /// <param name="loaded">Keys of the tile that were loaded.</param>
    public TileView(AttentionModifiers modifiers, int position, int tile, int loaded)
    {
        Start = Math.Max(0, modifiers.FirstVisible(position) - tile);
        End = Math.Min(loaded, position + 1 - tile);
        Distance = position - tile;
        Temperature = modifiers.Temperature(position);
    }

    /// <summary>First key of the tile that the query sees.</summary>
    public int Start { get; }

    /// <summary>End (exclusive) of the keys that it sees; there are none where it is not above <see cref="Start"/>.</summary>
    public int End { get; }

    /// <summary>Positions from the tile's first key to the query.</summary>
    public int Distance { get; }

    /// <summary>Factor on scores.</summary>
    public float Temperature { get; }

    /// <summary>What a score loses for every position between key and query.</summary>
    public float Slope { get; set; }

    /// <summary>Whether scores change at all.</summary>
    public readonly bool IsModified => Slope != 0 || Temperature != 1;
}
