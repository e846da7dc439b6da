namespace Crescent.Kernels.Attention;

/// <summary>
/// Where a layer's rows lie in a page: keys [kvHeads, PageTokens, key], then values [kvHeads, PageTokens, value] (none for MLA). The rows that one
/// head reads follow each other.
/// </summary>
/// <param name="Offset">Bytes from the page's start.</param>
/// <param name="ValueWidth">0 where the value is part of the key's row.</param>
public sealed record KvLayerLayout(KvType Type, long Offset, int KvHeads, int KeyWidth, int ValueWidth)
{
    public int KeyRowBytes { get; } = KvRow.Bytes(Type, KeyWidth);

    public int ValueRowBytes { get; } = ValueWidth == 0 ? 0 : KvRow.Bytes(Type, ValueWidth);

    /// <summary>Bytes of this layer in a page, rounded up to a cache line.</summary>
    public long Bytes => (((long)PagedAttention.PageTokens * KvHeads * (KeyRowBytes + ValueRowBytes)) + 63) / 64 * 64;

    public long KeyOffset(int slot, int kvHead) => Offset + ((((long)kvHead * PagedAttention.PageTokens) + slot) * KeyRowBytes);

    public long ValueOffset(int slot, int kvHead) =>
        Offset + ((long)PagedAttention.PageTokens * KvHeads * KeyRowBytes) + ((((long)kvHead * PagedAttention.PageTokens) + slot) * ValueRowBytes);
}
