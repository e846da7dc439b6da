namespace Crescent.Kernels.Attention;

/// <summary>Where attention finds keys and values: a source fills one tile of positions at a time, as float32.</summary>
internal unsafe interface IKeyValueTiles
{
    /// <summary>Loads positions <paramref name="first"/>..first+<paramref name="count"/> of a sequence for one kv head.</summary>
    /// <param name="keys">[count, keyStride]</param>
    /// <param name="values">[count, valueStride], scratch for values; null where the value is the beginning of the key</param>
    /// <param name="valueStride">In: floats from a value to the next in the scratch; out: in what is returned.</param>
    /// <returns>The values: the scratch, or where they lie already.</returns>
    float* Load(int sequence, int kvHead, int first, int count, float* keys, int keyStride, float* values, ref int valueStride);

    /// <summary>Cache lines that <see cref="Load"/> reads for a tile from memory that nobody has touched lately; 0 where there are none.</summary>
    int LinesATile { get; }

    /// <summary>Asks for some of the lines of the tile at <paramref name="first"/>, counted over its <see cref="LinesATile"/>. A tile past the end is ignored.</summary>
    void Prefetch(int sequence, int kvHead, int first, int line, int count);

    /// <summary>Finds the rows that hold a position; false where they are not stored as rows of whole values.</summary>
    bool TryFind(int sequence, int kvHead, int position, out TileRows rows);
}
