using Crescent.Kernels.Attention;

namespace Crescent.Engine.KvCache;

/// <summary>What one layer keeps of a token: <c>KvHeads</c> keys and values, or one MLA latent (value width 0).</summary>
public readonly record struct KvLayerShape(int KvHeads, int KeyWidth, int ValueWidth);

/// <summary>Layout of a page: all layers' rows for <see cref="PagedAttention.PageTokens"/> consecutive positions of a sequence.</summary>
public sealed class KvCacheLayout
{
    /// <exception cref="NotSupportedException">The type cannot hold a layer's rows.</exception>
    public KvCacheLayout(IEnumerable<KvLayerShape> shapes, KvType type)
    {
        Type = type;
        var layers = new List<KvLayerLayout>();
        long offset = 0;
        foreach (var shape in shapes)
        {
            var layer = new KvLayerLayout(type, offset, shape.KvHeads, shape.KeyWidth, shape.ValueWidth);
            layers.Add(layer);
            offset += layer.Bytes;
        }

        Layers = layers;
        PageBytes = offset;
    }

    public KvType Type { get; }

    public IReadOnlyList<KvLayerLayout> Layers { get; }

    /// <summary>Bytes of a page.</summary>
    public long PageBytes { get; }

    /// <summary>Bytes a token takes over all layers.</summary>
    public long BytesPerToken => PageBytes / PagedAttention.PageTokens;
}
