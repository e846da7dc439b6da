using Crescent.Engine.KvCache;
using Crescent.Engine.Models.Layers;
using Crescent.Kernels.Elementwise;

namespace Crescent.Engine.Models.Qwen3Moe;

/// <summary>Qwen3-MoE: query and key heads normed before rotation, softmax router renormalised over the chosen experts (its files carry no keys for either).</summary>
internal static class Qwen3MoeModel
{
    public static ModelParts Build(ModelBuilder builder)
    {
        var config = builder.Config;
        var options = GqaBuilder.ReadOptions(builder);
        var experts = config.Integer("expert_count", 1, 65536);
        var width = config.Integer("expert_feed_forward_length");
        var router = new RouterOptions(RouterScore.Softmax, config.Integer("expert_used_count", 1, 65536), Normalise: true, Scale: 1);

        var attention = new List<GqaWeights>();
        var feedForward = new FeedForwardBuilder(builder, GateFunction.Silu);
        for (var i = 0; i < builder.Layers; i++)
        {
            var weights = GqaBuilder.ReadWeights(builder, $"blk.{i}", options);
            if (weights.QueryNorm is null || weights.KeyNorm is null)
            {
                throw config.Error($"expected tensors 'blk.{i}.attn_q_norm.weight' and 'blk.{i}.attn_k_norm.weight', found {(weights.QueryNorm is null ? "no" : "only the")} query norm");
            }

            attention.Add(weights);
            feedForward.AddExperts($"blk.{i}", router, experts, width, sharedWidth: 0);
        }

        var scratch = new GqaScratch(options, builder.Options.MaxBatchTokens, builder.Threads);
        var (blocks, blockScratch) = feedForward.Build();
        var layers = attention.Select((weights, i) => new DecoderLayer
        {
            AttentionNorm = builder.Norm($"blk.{i}.attn_norm.weight", builder.Hidden),
            Attention = new GqaAttention(weights, scratch),
            FeedForwardNorm = builder.Norm($"blk.{i}.ffn_norm.weight", builder.Hidden),
            FeedForward = blocks[i],
        });
        return builder.Assemble(
            new ModelShape(config.Architecture, builder.Layers, builder.Hidden, builder.Vocab, builder.ContextLength),
            [.. layers],
            RopeConfig.Read(config, builder.Tensors, RopePairing.Half, options.KeyWidth),
            new KvLayerShape(options.KvHeads, options.KeyWidth, options.ValueWidth),
            [scratch, .. blockScratch]);
    }
}
