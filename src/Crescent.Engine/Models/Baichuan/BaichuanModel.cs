using Crescent.Engine.Models.Layers;
using Crescent.Kernels.Attention;
using Crescent.Kernels.Elementwise;

namespace Crescent.Engine.Models.Baichuan;

/// <summary>
/// Baichuan and Baichuan 2. The 7B rotates (permuted in GGUF, like Llama); the 13B has linear biases instead, and is known by its 40 layers, since
/// no key tells. <c>normalize_head</c>, in metadata made of a config.json, says that the head's rows are divided by their length (Baichuan 2).
/// </summary>
internal static class BaichuanModel
{
    private const int LayersOf13B = 40;
    private const double MaxAlibiBias = 8;

    public static ModelParts Build(ModelBuilder builder)
    {
        var config = builder.Config;
        var options = GqaBuilder.ReadOptions(builder);
        var rotates = builder.Layers != LayersOf13B;
        var modifiers = rotates ? null : new AttentionModifiers { Slopes = AttentionModifiers.AlibiSlopes(options.Heads, MaxAlibiBias) };
        var decoder = new GqaDecoder(builder, options, GateFunction.Silu) { NormalizeHead = config.Flag("normalize_head", false) };
        var width = config.Integer("feed_forward_length");
        for (var i = 0; i < builder.Layers; i++)
        {
            decoder.AddAttention(modifiers);
            decoder.FeedForward.AddDense($"blk.{i}", width);
        }

        var pairing = builder.HasPermutedLlamaHeads ? RopePairing.Interleaved : RopePairing.Half;
        return decoder.Build(rotates ? RopeConfig.Read(config, builder.Tensors, pairing, options.KeyWidth) : null);
    }
}
