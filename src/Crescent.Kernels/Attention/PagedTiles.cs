namespace Crescent.Kernels.Attention;

/// <summary>Keys and values read from cache pages.</summary>
internal readonly unsafe ref struct PagedTiles(ReadOnlySpan<AttentionSpan> spans, KvLayerLayout layout) : IKeyValueTiles
{
    private readonly ReadOnlySpan<AttentionSpan> _spans = spans;
    private readonly KvLayerLayout _layout = layout;

    public float* Load(int sequence, int kvHead, int first, int count, float* keys, int keyStride, float* values, ref int valueStride)
    {
        for (var i = 0; i < count; i += PagedAttention.PageTokens)
        {
            var page = _spans[sequence].Pages[(first + i) / PagedAttention.PageTokens];
            var rows = Math.Min(PagedAttention.PageTokens, count - i);
            var source = page.Slice(_layout.KeyOffset(0, kvHead), (long)rows * _layout.KeyRowBytes).Address;
            KvRows.Decode(_layout.Type, source, rows, _layout.KeyWidth, keys + ((long)i * keyStride), keyStride);
            if (values != null)
            {
                source = page.Slice(_layout.ValueOffset(0, kvHead), (long)rows * _layout.ValueRowBytes).Address;
                KvRows.Decode(_layout.Type, source, rows, _layout.ValueWidth, values + ((long)i * valueStride), valueStride);
            }
        }

        if (values == null)
        {
            valueStride = keyStride;
            return keys;
        }

        return values;
    }
}
