namespace Crescent.Kernels.Attention;

/// <summary>Keys and values read from cache pages.</summary>
internal readonly unsafe ref struct PagedTiles(ReadOnlySpan<AttentionSpan> spans, KvLayerLayout layout) : IKeyValueTiles
{
    private readonly ReadOnlySpan<AttentionSpan> _spans = spans;
    private readonly KvLayerLayout _layout = layout;

    public void Load(int sequence, int kvHead, int first, int count, float* keys, int keyStride, float* values, int valueStride)
    {
        var page = _spans[sequence].Pages[first / PagedAttention.PageTokens];
        for (var i = 0; i < count; i++)
        {
            var slot = (first % PagedAttention.PageTokens) + i;
            KvRow.Decode(
                _layout.Type,
                page.Span(_layout.KeyOffset(slot, kvHead), _layout.KeyRowBytes),
                new Span<float>(keys + ((long)i * keyStride), _layout.KeyWidth));
            if (values != null)
            {
                KvRow.Decode(
                    _layout.Type,
                    page.Span(_layout.ValueOffset(slot, kvHead), _layout.ValueRowBytes),
                    new Span<float>(values + ((long)i * valueStride), _layout.ValueWidth));
            }
        }
    }
}
