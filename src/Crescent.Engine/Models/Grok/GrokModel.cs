using Crescent.Engine.Models.Layers;
using Crescent.Kernels.Attention;
using Crescent.Kernels.Elementwise;

namespace Crescent.Engine.Models.Grok;

/// <summary>
/// Grok-1 (xai-org/grok-1, model.py): four norms a layer, soft-capped attention scores, softmax router whose two probabilities are used as they
/// are, GELU experts, scaled embeddings and logits. The file's router cap is not applied, as in the release. Grok-2 adds a dense branch beside the
/// experts; see <see cref="Grok2Rules"/>.
/// </summary>
internal static class GrokModel
{
    private const float EmbeddingScale = 78.38367176906169f; // √6144
    private const float LogitScale = 0.5773502691896257f;
    private const float AttentionScale = 0.08838834764831845f; // 128^-½

    public static ModelParts Build(ModelBuilder builder)
    {
        var config = builder.Config;
        var options = GqaBuilder.ReadOptions(
            builder, config.Number("attention.output_scale", AttentionScale), config.Number("attn_logit_softcapping", 30));
        var rules = Grok2Rules.Read(builder);
        var decoder = new GqaDecoder(builder, options, GateFunction.GeluTanh)
        {
            OutputNorms = prefix => (
                builder.Norm($"{prefix}.attn_output_norm.weight", builder.Hidden),
                builder.OptionalNorm($"{prefix}.layer_output_norm.weight", builder.Hidden) ?? builder.Norm($"{prefix}.post_ffw_norm.weight", builder.Hidden)),
        };
        var experts = config.Integer("expert_count", 1, 65536);
        var width = config.Contains("expert_feed_forward_length") ? config.Integer("expert_feed_forward_length") : config.Integer("feed_forward_length");
        var router = new RouterOptions(
            RouterScore.Softmax,
            config.Integer("expert_used_count", 1, 65536),
            config.Flag("expert_weights_norm", rules?.NormaliseGates ?? false),
            Scale: 1,
            SoftCap: rules?.RouterSoftCap ?? 0);
        var modifiers = new AttentionModifiers { TemperatureLength = rules?.TemperatureLength ?? 0 };
        for (var i = 0; i < builder.Layers; i++)
        {
            decoder.AddAttention(modifiers);
            decoder.FeedForward.AddExperts($"blk.{i}", router, experts, width, rules?.DenseWidth ?? 0, sharedSuffix: "", rules is null ? 1 : Grok2Rules.BranchScale);
        }

        var shape = new ModelShape(
            config.Architecture,
            builder.Layers,
            builder.Hidden,
            builder.Vocab,
            builder.ContextLength,
            config.Number("embedding_scale", EmbeddingScale),
            config.Number("logit_scale", LogitScale),
            config.Number("final_logit_softcapping", 0));
        var rope = rules is { ScalesRotation: false }
            ? RopeConfig.ReadPlain(config, RopePairing.Half, options.KeyWidth)
            : RopeConfig.Read(config, builder.Tensors, RopePairing.Half, options.KeyWidth, new YarnDefaults(BetaFast: 8));
        return decoder.Build(rope, shape, rules?.Notes);
    }
}
