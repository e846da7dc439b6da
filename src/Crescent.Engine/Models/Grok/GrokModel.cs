using Crescent.Engine.KvCache;
using Crescent.Engine.Models.Layers;
using Crescent.Kernels.Elementwise;

namespace Crescent.Engine.Models.Grok;

/// <summary>
/// Grok-1 (xai-org/grok-1, model.py): four norms a layer, soft-capped attention scores, softmax router whose two probabilities are used as they
/// are, GELU experts, scaled embeddings and logits. The file's router cap is not applied, as in the release.
/// </summary>
internal static class GrokModel
{
    private const float EmbeddingScale = 78.38367176906169f; // √6144
    private const float LogitScale = 0.5773502691896257f;
    private const float AttentionScale = 0.08838834764831845f; // 128^-½

    public static ModelParts Build(ModelBuilder builder)
    {
        var config = builder.Config;
        if (builder.Tensors.Contains("blk.0.ffn_gate.weight"))
        {
            throw config.Error("architecture 'grok' with a dense branch beside the experts (Grok-2) is not supported yet; supported: Grok-1");
        }

        var options = GqaBuilder.ReadOptions(
            builder, config.Number("attention.output_scale", AttentionScale), config.Number("attn_logit_softcapping", 30));
        var experts = config.Integer("expert_count", 1, 65536);
        var width = config.Integer("expert_feed_forward_length", config.Integer("feed_forward_length"), 1, 1 << 24);
        var router = new RouterOptions(RouterScore.Softmax, config.Integer("expert_used_count", 1, 65536), Normalise: false, Scale: 1);

        var attention = new List<GqaWeights>();
        var feedForward = new FeedForwardBuilder(builder, GateFunction.GeluTanh);
        for (var i = 0; i < builder.Layers; i++)
        {
            attention.Add(GqaBuilder.ReadWeights(builder, $"blk.{i}", options));
            feedForward.AddExperts($"blk.{i}", router, experts, width, sharedWidth: 0);
        }

        var scratch = new GqaScratch(options, builder.Options.MaxBatchTokens, builder.Threads);
        var (blocks, blockScratch) = feedForward.Build();
        var layers = attention.Select((weights, i) => new DecoderLayer
        {
            AttentionNorm = builder.Norm($"blk.{i}.attn_norm.weight", builder.Hidden),
            Attention = new GqaAttention(weights, scratch),
            AttentionOutputNorm = builder.Norm($"blk.{i}.attn_output_norm.weight", builder.Hidden),
            FeedForwardNorm = builder.Norm($"blk.{i}.ffn_norm.weight", builder.Hidden),
            FeedForward = blocks[i],
            FeedForwardOutputNorm = builder.OptionalNorm($"blk.{i}.layer_output_norm.weight", builder.Hidden)
                ?? builder.Norm($"blk.{i}.post_ffw_norm.weight", builder.Hidden),
        });
        var shape = new ModelShape(
            config.Architecture,
            builder.Layers,
            builder.Hidden,
            builder.Vocab,
            builder.ContextLength,
            config.Number("embedding_scale", EmbeddingScale),
            config.Number("logit_scale", LogitScale),
            config.Number("final_logit_softcapping", 0));
        return builder.Assemble(
            shape,
            [.. layers],
            RopeConfig.Read(config, builder.Tensors, RopePairing.Half, options.KeyWidth),
            new KvLayerShape(options.KvHeads, options.KeyWidth, options.ValueWidth),
            [scratch, .. blockScratch]);
    }
}
