using Crescent.Engine.Models.Layers;
using Crescent.Kernels.Attention;
using Crescent.Kernels.Elementwise;

namespace Crescent.Engine.Models.GptOss;

/// <summary>
/// gpt-oss (openai/gpt-oss, gpt_oss/torch/model.py): a window on even layers, a sink in every head, biases everywhere, experts weighed by the
/// softmax of the chosen ones' logits, a clamped SwiGLU, YaRN whose ramp is not rounded.
/// </summary>
internal static class GptOssModel
{
    public static ModelParts Build(ModelBuilder builder)
    {
        var config = builder.Config;
        var decoder = new GqaDecoder(builder, GqaBuilder.ReadOptions(builder), GateFunction.ClampedSwiGlu) { FeedForwardNorm = "post_attention_norm" };
        var window = config.Integer("attention.sliding_window", 1, int.MaxValue);
        var experts = config.Integer("expert_count", 1, 65536);
        var width = config.Integer("expert_feed_forward_length");
        var router = new RouterOptions(RouterScore.SoftmaxOfChosen, config.Integer("expert_used_count", 1, 65536), Normalise: false, Scale: 1);
        for (var i = 0; i < builder.Layers; i++)
        {
            decoder.AddAttention(new AttentionModifiers
            {
                Window = i % 2 == 0 ? window : 0,
                Sinks = builder.Tensors.Vector($"blk.{i}.attn_sinks.weight", decoder.Options.Heads),
            });
            decoder.FeedForward.AddExperts($"blk.{i}", router, experts, width, sharedWidth: 0);
        }

        return decoder.Build(RopeConfig.Read(config, builder.Tensors, RopePairing.Half, decoder.Options.KeyWidth, new YarnDefaults(Truncate: false)));
    }
}
