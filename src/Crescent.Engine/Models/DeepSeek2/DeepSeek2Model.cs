using Crescent.Engine.KvCache;
using Crescent.Engine.Models.Layers;
using Crescent.Kernels.Elementwise;

namespace Crescent.Engine.Models.DeepSeek2;

/// <summary>DeepSeek-V2 and V3, Moonlight, Kimi K2: latent attention, leading dense layers, then mixtures of experts with shared ones.</summary>
internal static class DeepSeek2Model
{
    public static ModelParts Build(ModelBuilder builder)
    {
        var config = new DeepSeek2Config(builder);
        var attention = new List<MlaWeights>();
        var feedForward = new FeedForwardBuilder(builder, GateFunction.Silu);
        for (var i = 0; i < builder.Layers; i++)
        {
            attention.Add(MlaBuilder.ReadWeights(builder, config.Mla, $"blk.{i}"));
            feedForward.Add(i, config.Moe);
        }

        var scratch = new MlaScratch(config.Mla, builder.Options.MaxBatchTokens, builder.Threads, builder.Options.Mla, builder.Options.Isa);
        var (blocks, blockScratch) = feedForward.Build();
        var layers = attention.Select((weights, i) => new DecoderLayer
        {
            AttentionNorm = builder.Norm($"blk.{i}.attn_norm.weight", builder.Hidden),
            Attention = new MlaAttention(weights, scratch),
            FeedForwardNorm = builder.Norm($"blk.{i}.ffn_norm.weight", builder.Hidden),
            FeedForward = blocks[i],
        });
        return builder.Assemble(
            new ModelShape(builder.Config.Architecture, builder.Layers, builder.Hidden, builder.Vocab, builder.ContextLength),
            [.. layers],
            config.Rope,
            new KvLayerShape(1, config.Mla.CachedWidth, 0),
            [scratch, .. blockScratch],
            config.Notes);
    }
}
