namespace Crescent.Kernels.Attention;

/// <summary>
/// Keys and values of one block of positions, expanded from MLA latents: key = [keys of the head; rotary part shared by the heads].
/// </summary>
/// <param name="firstPosition">Position of row 0.</param>
/// <param name="capacity">Positions that the buffers hold for each head.</param>
/// <param name="keys">[heads, capacity, nope]</param>
/// <param name="rotary">[capacity, rope]</param>
/// <param name="values">[heads, capacity, value]</param>
internal readonly unsafe struct ExpandedTiles(int firstPosition, int capacity, float* keys, float* rotary, float* values, int nope, int rope, int value) : IKeyValueTiles
{
    private readonly int _firstPosition = firstPosition;
    private readonly long _capacity = capacity;
    private readonly float* _keys = keys;
    private readonly float* _rotary = rotary;
    private readonly float* _values = values;
    private readonly int _nope = nope;
    private readonly int _rope = rope;
    private readonly int _value = value;

    public float* Load(int sequence, int kvHead, int first, int count, float* keys, int keyStride, float* values, ref int valueStride)
    {
        var row = first - _firstPosition;
        var nope = _keys + (((kvHead * _capacity) + row) * _nope);
        var rotary = _rotary + ((long)row * _rope);
        for (var i = 0; i < count; i++, keys += keyStride, nope += _nope, rotary += _rope)
        {
            new ReadOnlySpan<float>(nope, _nope).CopyTo(new Span<float>(keys, _nope));
            new ReadOnlySpan<float>(rotary, _rope).CopyTo(new Span<float>(keys + _nope, _rope));
        }

        var value = _values + (((kvHead * _capacity) + row) * _value);
        if (_value % ValueTile.BlockValues == 0)
        {
            valueStride = _value;
            return value;
        }

        for (var i = 0; i < count; i++)
        {
            new ReadOnlySpan<float>(value + ((long)i * _value), _value).CopyTo(new Span<float>(values + ((long)i * valueStride), _value));
        }

        return values;
    }

    // Just written by the products that expand them.
    public int LinesATile => 0;

    public void Prefetch(int sequence, int kvHead, int first, int line, int count)
    {
        // None are asked for.
    }

    public bool TryFind(int sequence, int kvHead, int position, out TileRows rows)
    {
        rows = default;
        return false;
    }
}
