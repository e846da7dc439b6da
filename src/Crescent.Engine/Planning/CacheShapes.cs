using System.Globalization;
using Crescent.Engine.KvCache;

namespace Crescent.Engine.Planning;

/// <summary>What each layer keeps of a token or a sequence, told from the shapes of its tensors.</summary>
internal static class CacheShapes
{
    public static IEnumerable<KvLayerShape> Of(IReadOnlyList<PlannedTensor> tensors)
    {
        var shapes = tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.Shape);
        var layers = tensors.Max(tensor => ModelFootprint.LayerOf(tensor.Name)) + 1;
        return Enumerable.Range(0, layers).Select(layer => OfLayer(shapes, string.Create(CultureInfo.InvariantCulture, $"blk.{layer}.")));
    }

    private static KvLayerShape OfLayer(Dictionary<string, IReadOnlyList<long>> shapes, string prefix)
    {
        if (shapes.TryGetValue($"{prefix}attn_kv_a_mqa.weight", out var latent)) // [latent + rope, hidden]
        {
            return new KvLayerShape(1, (int)latent[0], 0);
        }

        if (shapes.TryGetValue($"{prefix}ssm_conv1d_q.weight", out var filters)) // [heads · width, 1, taps]
        {
            var (channels, taps, heads) = (filters[0], filters[^1], shapes[$"{prefix}ssm_a"][0]);
            return KvLayerShape.Recurrent((3 * channels * (taps - 1)) + (channels * (channels / heads)));
        }

        // The heads of a layer lie side by side: as many bytes as one of their width.
        return shapes.TryGetValue($"{prefix}attn_k.weight", out var key) && shapes.TryGetValue($"{prefix}attn_v.weight", out var value)
            ? new KvLayerShape(1, (int)key[0], (int)value[0])
            : throw new NotSupportedException($"{prefix}: expected tensors of attention that a plan knows (attn_kv_a_mqa, attn_k and attn_v, or ssm_conv1d_q), found none");
    }
}
