namespace Crescent.Engine.Models.Layers;

/// <summary>Grouped-query attention as the plain architectures store it.</summary>
internal static class GqaBuilder
{
    /// <summary>Reads head counts and widths; absent keys follow GGUF's defaults.</summary>
    /// <param name="scale">Factor on q·k, or null for 1/√keyWidth.</param>
    public static GqaOptions ReadOptions(ModelBuilder builder, float? scale = null, float softCap = 0)
    {
        var config = builder.Config;
        var heads = config.UniformInteger("attention.head_count", 0);
        if (heads < 1)
        {
            throw config.Error($"expected metadata key '{config.Architecture}.attention.head_count' of at least 1, found none");
        }

        var kvHeads = config.UniformInteger("attention.head_count_kv", heads);
        if (heads % kvHeads != 0)
        {
            throw config.Error($"{heads} query heads are not a multiple of {kvHeads} key-value heads");
        }

        var keyWidth = config.Integer("attention.key_length", Math.Max(1, builder.Hidden / heads), 1, 1 << 16);
        var valueWidth = config.Integer("attention.value_length", keyWidth, 1, 1 << 16);
        return new GqaOptions(heads, kvHeads, keyWidth, valueWidth, scale ?? 1f / MathF.Sqrt(keyWidth), softCap);
    }

    /// <summary>The tensors of layer <paramref name="prefix"/>, head norms where the file has them.</summary>
    public static GqaWeights ReadWeights(ModelBuilder builder, string prefix, GqaOptions options) => new(
        builder.Linear($"{prefix}.attn_q", Product(builder, options.Heads, options.KeyWidth), builder.Hidden),
        builder.Linear($"{prefix}.attn_k", Product(builder, options.KvHeads, options.KeyWidth), builder.Hidden),
        builder.Linear($"{prefix}.attn_v", Product(builder, options.KvHeads, options.ValueWidth), builder.Hidden),
        builder.Linear($"{prefix}.attn_output", builder.Hidden, Product(builder, options.Heads, options.ValueWidth)),
        builder.OptionalNorm($"{prefix}.attn_q_norm.weight", options.KeyWidth),
        builder.OptionalNorm($"{prefix}.attn_k_norm.weight", options.KeyWidth));

    private static int Product(ModelBuilder builder, int heads, int width) =>
        (long)heads * width <= int.MaxValue
            ? heads * width
            : throw builder.Config.Error($"{heads} heads of {width} values are more than any matrix has");
}
