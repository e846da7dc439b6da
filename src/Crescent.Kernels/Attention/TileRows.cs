namespace Crescent.Kernels.Attention;

/// <summary>Rows of the cache as they are stored, from one position to the end of its page.</summary>
internal unsafe struct TileRows
{
    /// <summary>[positions, KeyStride bytes]</summary>
    public byte* Keys { get; init; }

    /// <summary>[positions, ValueStride bytes]</summary>
    public byte* Values { get; init; }

    public int KeyStride { get; init; }

    public int ValueStride { get; init; }
}
