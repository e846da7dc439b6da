using Crescent.Engine.Models.Layers;
using Crescent.Kernels.Elementwise;

namespace Crescent.Engine.Models.Qwen2;

/// <summary>Qwen2 and 2.5, dense: biases on queries, keys and values, rotation in halves.</summary>
internal static class Qwen2Model
{
    public static ModelParts Build(ModelBuilder builder)
    {
        var config = builder.Config;
        var decoder = new GqaDecoder(builder, GqaBuilder.ReadOptions(builder), GateFunction.Silu);
        var width = config.Integer("feed_forward_length");
        for (var i = 0; i < builder.Layers; i++)
        {
            decoder.AddAttention();
            decoder.FeedForward.AddDense($"blk.{i}", width);
        }

        return decoder.Build(RopeConfig.Read(config, builder.Tensors, RopePairing.Half, decoder.Options.KeyWidth));
    }
}
