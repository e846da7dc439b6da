using Crescent.Engine.KvCache;
using Crescent.Engine.Models.Layers;
using Crescent.Kernels.Elementwise;

namespace Crescent.Engine.Models.Llama;

/// <summary>Llama (and Mistral, Mixtral). In GGUF the rows of Q and K are permuted, so rotation pairs neighbours; as published it pairs halves.</summary>
internal static class LlamaModel
{
    public static ModelParts Build(ModelBuilder builder)
    {
        var config = builder.Config;
        var options = GqaBuilder.ReadOptions(builder);
        var experts = config.Integer("expert_count", 0, 0, 65536);
        var width = config.Integer("feed_forward_length");
        var router = new RouterOptions(RouterScore.Softmax, config.Integer("expert_used_count", 1, 1, 65536), Normalise: true, Scale: 1);

        var attention = new List<GqaWeights>();
        var feedForward = new FeedForwardBuilder(builder, GateFunction.Silu);
        for (var i = 0; i < builder.Layers; i++)
        {
            attention.Add(GqaBuilder.ReadWeights(builder, $"blk.{i}", options));
            if (experts > 0)
            {
                feedForward.AddExperts($"blk.{i}", router, experts, width, sharedWidth: 0);
            }
            else
            {
                feedForward.AddDense($"blk.{i}", width);
            }
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
            RopeConfig.Read(config, builder.Tensors, builder.HasPermutedLlamaHeads ? RopePairing.Interleaved : RopePairing.Half, options.KeyWidth),
            new KvLayerShape(options.KvHeads, options.KeyWidth, options.ValueWidth),
            [scratch, .. blockScratch]);
    }
}
