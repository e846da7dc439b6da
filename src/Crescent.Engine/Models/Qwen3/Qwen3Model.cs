using Crescent.Engine.Models.Layers;
using Crescent.Kernels.Elementwise;

namespace Crescent.Engine.Models.Qwen3;

/// <summary>Qwen3, dense: query and key heads normed before rotation, no biases.</summary>
internal static class Qwen3Model
{
    public static ModelParts Build(ModelBuilder builder)
    {
        var config = builder.Config;
        var decoder = new GqaDecoder(builder, GqaBuilder.ReadOptions(builder), GateFunction.Silu);
        var width = config.Integer("feed_forward_length");
        for (var i = 0; i < builder.Layers; i++)
        {
            AddAttention(decoder, config, i);
            decoder.FeedForward.AddDense($"blk.{i}", width);
        }

        return decoder.Build(RopeConfig.Read(config, builder.Tensors, RopePairing.Half, decoder.Options.KeyWidth));
    }

    /// <summary>Adds a layer's attention, whose head norms must be there.</summary>
    public static void AddAttention(GqaDecoder decoder, GgufConfig config, int layer)
    {
        var weights = decoder.AddAttention();
        if (weights.QueryNorm is null || weights.KeyNorm is null)
        {
            throw config.Error(
                $"expected tensors 'blk.{layer}.attn_q_norm.weight' and 'blk.{layer}.attn_k_norm.weight', found {(weights.QueryNorm is null ? "no" : "only the")} query norm");
        }
    }
}
