using Crescent.Engine.Weights;
using Crescent.Kernels.MatMul;

namespace Crescent.Engine.Models.Layers;

/// <summary>Multi-head latent attention as GGUF stores it.</summary>
internal static class MlaBuilder
{
    /// <summary>Reads head counts and widths. Current files give the heads' lengths under <c>…_mla</c>, and the cache's under the plain names.</summary>
    /// <param name="magnitude">YaRN's gain on queries and on keys.</param>
    public static MlaOptions ReadOptions(ModelBuilder builder, double magnitude = 1)
    {
        var config = builder.Config;
        var ropeWidth = ReadRopeWidth(config);
        var keyLength = config.Integer("attention.key_length_mla", config.Integer("attention.key_length", 0, 0, 65536), 0, 65536);
        var valueLength = config.Integer("attention.value_length_mla", config.Integer("attention.value_length", 0, 0, 65536), 0, 65536);
        if (keyLength <= ropeWidth || valueLength < 1)
        {
            throw config.Error($"expected a key length above the rope width and a value length of at least 1, found key {keyLength}, rope {ropeWidth}, value {valueLength}");
        }

        return new MlaOptions(
            config.Integer("attention.head_count", 1, 65536),
            config.Integer("attention.q_lora_rank", 0, 0, 1 << 20),
            config.Integer("attention.kv_lora_rank", 1, 16384),
            keyLength - ropeWidth,
            ropeWidth,
            valueLength,
            (float)(magnitude * magnitude / Math.Sqrt(keyLength)));
    }

    /// <summary>Width of the key part that all heads share; even, as pairs of it are rotated.</summary>
    public static int ReadRopeWidth(GgufConfig config)
    {
        var width = config.Integer("rope.dimension_count", 2, 4096);
        return width % 2 == 0 ? width : throw config.Error($"metadata key '{config.Architecture}.rope.dimension_count': expected an even width, found {width}");
    }

    /// <summary>The tensors of layer <paramref name="prefix"/>.</summary>
    public static MlaWeights ReadWeights(ModelBuilder builder, MlaOptions options, string prefix)
    {
        var tensors = builder.Tensors;
        var compressed = options.QueryRank > 0;
        var (keyUp, valueUp, transposed) = ReadUp(builder, options, prefix);
        return new MlaWeights
        {
            QueryDown = compressed ? tensors.Matrix($"{prefix}.attn_q_a.weight", options.QueryRank, builder.Hidden) : null,
            QueryNorm = compressed ? builder.Norm($"{prefix}.attn_q_a_norm.weight", options.QueryRank) : null,
            Query = compressed
                ? tensors.Matrix($"{prefix}.attn_q_b.weight", (long)options.Heads * options.HeadWidth, options.QueryRank)
                : tensors.Matrix($"{prefix}.attn_q.weight", (long)options.Heads * options.HeadWidth, builder.Hidden),
            LatentDown = tensors.Matrix($"{prefix}.attn_kv_a_mqa.weight", options.CachedWidth, builder.Hidden),
            LatentNorm = builder.Norm($"{prefix}.attn_kv_a_norm.weight", options.LatentWidth),
            KeyUp = keyUp,
            KeyIsTransposed = transposed,
            ValueUp = valueUp,
            Output = tensors.Matrix($"{prefix}.attn_output.weight", builder.Hidden, (long)options.Heads * options.ValueWidth),
        };
    }

    // Current files split kv_b into attn_k_b (transposed, one matrix a head) and attn_v_b; older ones keep it whole, key rows before value rows in
    // every head; some have both, the split ones as 2-D tensors of the same bytes.
    private static (WeightMatrix[] KeyUp, WeightMatrix[] ValueUp, bool Transposed) ReadUp(ModelBuilder builder, MlaOptions options, string prefix)
    {
        var (tensors, heads) = (builder.Tensors, options.Heads);
        if (tensors.Contains($"{prefix}.attn_k_b.weight") && tensors.Contains($"{prefix}.attn_v_b.weight"))
        {
            return (
                ReadHeads(tensors, $"{prefix}.attn_k_b.weight", heads, options.LatentWidth, options.NopeWidth, keepRows: true),
                ReadHeads(tensors, $"{prefix}.attn_v_b.weight", heads, options.ValueWidth, options.LatentWidth, keepRows: false),
                true);
        }

        var rows = options.NopeWidth + options.ValueWidth;
        var whole = tensors.Matrix($"{prefix}.attn_kv_b.weight", (long)heads * rows, options.LatentWidth, keepRows: true);
        WeightMatrix[] keyUp = [.. Enumerable.Range(0, heads).Select(h => whole.RowRange(h * rows, options.NopeWidth))];
        tensors.NameViews($"{prefix}.attn_kv_b.weight", keyUp[0]); // all heads read the same latents
        return (keyUp, [.. Enumerable.Range(0, heads).Select(h => whole.RowRange((h * rows) + options.NopeWidth, options.ValueWidth))], false);
    }

    private static WeightMatrix[] ReadHeads(TensorSource tensors, string name, int heads, int rows, int columns, bool keepRows)
    {
        if (tensors.ShapeOf(name)!.Count == 2 && heads > 1)
        {
            var whole = tensors.Matrix(name, (long)heads * rows, columns, keepRows);
            WeightMatrix[] views = [.. Enumerable.Range(0, heads).Select(h => whole.RowRange(h * rows, rows))];
            tensors.NameViews(name, views);
            return views;
        }

        return tensors.Stack(name, heads, rows, columns, keepRows);
    }
}
