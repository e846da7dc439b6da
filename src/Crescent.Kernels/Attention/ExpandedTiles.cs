namespace Crescent.Kernels.Attention;

/// <summary>
/// Keys and values of one block of positions, expanded from MLA latents: key = [keys of the head; rotary part shared by the heads].
/// </summary>
/// <param name="firstPosition">Position of row 0.</param>
/// <param name="keys">[positions, heads, nope]</param>
/// <param name="rotary">[positions, rope]</param>
/// <param name="values">[positions, heads, value]</param>
internal readonly unsafe struct ExpandedTiles(int firstPosition, float* keys, float* rotary, float* values, int heads, int nope, int rope, int value) : IKeyValueTiles
{
    private readonly int _firstPosition = firstPosition;
    private readonly float* _keys = keys;
    private readonly float* _rotary = rotary;
    private readonly float* _values = values;
    private readonly int _heads = heads;
    private readonly int _nope = nope;
    private readonly int _rope = rope;
    private readonly int _value = value;

    public void Load(int sequence, int kvHead, int first, int count, float* keys, int keyStride, float* values, int valueStride)
    {
        for (var i = 0; i < count; i++)
        {
            long row = first - _firstPosition + i;
            var key = new Span<float>(keys + ((long)i * keyStride), _nope + _rope);
            new ReadOnlySpan<float>(_keys + (((row * _heads) + kvHead) * _nope), _nope).CopyTo(key);
            new ReadOnlySpan<float>(_rotary + (row * _rope), _rope).CopyTo(key[_nope..]);
            new ReadOnlySpan<float>(_values + (((row * _heads) + kvHead) * _value), _value).CopyTo(new Span<float>(values + ((long)i * valueStride), _value));
        }
    }
}
