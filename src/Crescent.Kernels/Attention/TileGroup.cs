namespace Crescent.Kernels.Attention;

/// <summary>A tile as it is met by a group of queries.</summary>
internal unsafe struct TileGroup
{
    /// <summary>Position of the tile's first key.</summary>
    public int Tile { get; init; }

    /// <summary>Keys of the tile that were loaded.</summary>
    public int Loaded { get; init; }

    /// <summary>[Loaded, ValueStride]</summary>
    public float* Values { get; set; }

    public int ValueStride { get; set; }

    /// <summary>Lines of the next tile that were asked for.</summary>
    public int PrefetchedLines { get; set; }

    /// <summary>Lines to ask for at a time.</summary>
    public int PrefetchLines { get; init; }

    /// <summary>The group's first query, counted within the item.</summary>
    public int FirstQuery { get; set; }
}
