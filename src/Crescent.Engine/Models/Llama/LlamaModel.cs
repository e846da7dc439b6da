using Crescent.Engine.Models.Layers;
using Crescent.Kernels.Attention;
using Crescent.Kernels.Elementwise;

namespace Crescent.Engine.Models.Llama;

/// <summary>Llama (and Mistral, Mixtral). In GGUF the rows of Q and K are permuted, so rotation pairs neighbours; as published it pairs halves.</summary>
internal static class LlamaModel
{
    public static ModelParts Build(ModelBuilder builder)
    {
        var config = builder.Config;
        RequireConstantTemperature(config);
        var decoder = new GqaDecoder(builder, GqaBuilder.ReadOptions(builder), GateFunction.Silu);
        var experts = config.Integer("expert_count", 0, 0, 65536);
        var width = config.Integer("feed_forward_length");
        var router = new RouterOptions(RouterScore.Softmax, config.Integer("expert_used_count", 1, 1, 65536), Normalise: true, Scale: 1);
        var modifiers = new AttentionModifiers { Window = config.Integer("attention.sliding_window", 0, 0, int.MaxValue) }; // Mistral 7B v0.1, every layer
        for (var i = 0; i < builder.Layers; i++)
        {
            decoder.AddAttention(modifiers);
            if (experts > 0)
            {
                decoder.FeedForward.AddExperts($"blk.{i}", router, experts, width, sharedWidth: 0);
            }
            else
            {
                decoder.FeedForward.AddDense($"blk.{i}", width);
            }
        }

        return decoder.Build(RopeConfig.Read(config, builder.Tensors, builder.HasPermutedLlamaHeads ? RopePairing.Interleaved : RopePairing.Half, decoder.Options.KeyWidth));
    }

    // Ministral 3 scales queries with their position.
    private static void RequireConstantTemperature(GgufConfig config)
    {
        if (config.Number("attention.temperature_scale", 0) is not 0 and var scale)
        {
            throw config.Error($"metadata key '{config.Architecture}.attention.temperature_scale': expected 0 or none (Ministral 3's growing temperature is not supported), found {scale}");
        }
    }
}
