namespace Crescent.Kernels.Attention;

/// <summary>Where attention finds keys and values: a source fills one tile of positions at a time, as float32.</summary>
internal unsafe interface IKeyValueTiles
{
    /// <summary>Loads positions <paramref name="first"/>..first+<paramref name="count"/> of a sequence for one kv head.</summary>
    /// <param name="keys">[count, keyStride], zero-padded to whole vectors by the caller</param>
    /// <param name="values">[count, valueStride], or null where the value is the beginning of the key</param>
    void Load(int sequence, int kvHead, int first, int count, float* keys, int keyStride, float* values, int valueStride);
}
