using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Crescent.Kernels.Attention;

/// <summary>Keys and values read from cache pages.</summary>
internal readonly unsafe ref struct PagedTiles(ReadOnlySpan<AttentionSpan> spans, KvLayerLayout layout) : IKeyValueTiles
{
    private const int LineBytes = 64;

    private readonly ReadOnlySpan<AttentionSpan> _spans = spans;
    private readonly KvLayerLayout _layout = layout;

    public float* Load(int sequence, int kvHead, int first, int count, float* keys, int keyStride, float* values, ref int valueStride)
    {
        for (var i = 0; i < count;)
        {
            var slot = (first + i) % PagedAttention.PageTokens;
            var rows = Math.Min(PagedAttention.PageTokens - slot, count - i);
            var page = _spans[sequence].Pages[(first + i) / PagedAttention.PageTokens];
            var source = page.Slice(_layout.KeyOffset(slot, kvHead), (long)rows * _layout.KeyRowBytes).Address;
            KvRows.Decode(_layout.Type, source, rows, _layout.KeyWidth, keys + ((long)i * keyStride), keyStride);
            if (values != null)
            {
                source = page.Slice(_layout.ValueOffset(slot, kvHead), (long)rows * _layout.ValueRowBytes).Address;
                KvRows.Decode(_layout.Type, source, rows, _layout.ValueWidth, values + ((long)i * valueStride), valueStride);
            }

            i += rows;
        }

        if (values == null)
        {
            valueStride = keyStride;
            return keys;
        }

        return values;
    }

    public int LinesATile => PagedAttention.TilePositions * (_layout.KeyRowBytes + _layout.ValueRowBytes) / LineBytes;

    public void Prefetch(int sequence, int kvHead, int first, int line, int count)
    {
        var pages = _spans[sequence].Pages;
        var keyLines = PagedAttention.PageTokens * _layout.KeyRowBytes / LineBytes;
        var pageLines = keyLines + (PagedAttention.PageTokens * _layout.ValueRowBytes / LineBytes);
        while (count > 0)
        {
            var (page, inPage) = Math.DivRem(line, pageLines);
            page += first / PagedAttention.PageTokens;
            if (page >= pages.Length)
            {
                return;
            }

            var isKey = inPage < keyLines;
            var lines = Math.Min(count, isKey ? keyLines - inPage : pageLines - inPage);
            var offset = isKey ? _layout.KeyOffset(0, kvHead) + (inPage * LineBytes) : _layout.ValueOffset(0, kvHead) + ((inPage - keyLines) * LineBytes);
            Prefetch(pages[page].Address + offset, lines);
            line += lines;
            count -= lines;
        }
    }

    public bool TryFind(int sequence, int kvHead, int position, out TileRows rows)
    {
        rows = default;
        var (index, slot) = Math.DivRem(position, PagedAttention.PageTokens);
        var pages = _spans[sequence].Pages;
        if (_layout.Type == KvType.Q8_0 || index >= pages.Length || pages[index].Length == 0)
        {
            return false;
        }

        var page = pages[index];
        var left = PagedAttention.PageTokens - slot;
        var keys = page.Slice(_layout.KeyOffset(slot, kvHead), (long)left * _layout.KeyRowBytes).Address;
        var isPrefix = _layout.ValueWidth == 0;
        rows = new TileRows
        {
            Keys = keys,
            Values = isPrefix ? keys : page.Slice(_layout.ValueOffset(slot, kvHead), (long)left * _layout.ValueRowBytes).Address,
            KeyStride = _layout.KeyRowBytes,
            ValueStride = isPrefix ? _layout.KeyRowBytes : _layout.ValueRowBytes,
        };
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Prefetch(byte* address, int lines)
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        for (var end = address + ((nint)lines * LineBytes); address < end; address += LineBytes)
        {
            Sse.Prefetch1(address);
        }
    }
}
