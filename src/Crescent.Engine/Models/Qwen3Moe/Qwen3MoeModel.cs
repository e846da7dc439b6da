using Crescent.Engine.Models.Layers;
using Crescent.Engine.Models.Qwen3;
using Crescent.Kernels.Elementwise;

namespace Crescent.Engine.Models.Qwen3Moe;

/// <summary>Qwen3-MoE: Qwen3's attention, softmax router renormalised over the chosen experts (GGUF files carry no keys for either).</summary>
internal static class Qwen3MoeModel
{
    public static ModelParts Build(ModelBuilder builder)
    {
        var config = builder.Config;
        var decoder = new GqaDecoder(builder, GqaBuilder.ReadOptions(builder), GateFunction.Silu);
        var experts = config.Integer("expert_count", 1, 65536);
        var width = config.Integer("expert_feed_forward_length");
        var router = new RouterOptions(RouterScore.Softmax, config.Integer("expert_used_count", 1, 65536), config.Flag("expert_weights_norm", true), Scale: 1);
        for (var i = 0; i < builder.Layers; i++)
        {
            Qwen3Model.AddAttention(decoder, config, i);
            decoder.FeedForward.AddExperts($"blk.{i}", router, experts, width, sharedWidth: 0);
        }

        return decoder.Build(RopeConfig.Read(config, builder.Tensors, RopePairing.Half, decoder.Options.KeyWidth));
    }
}
