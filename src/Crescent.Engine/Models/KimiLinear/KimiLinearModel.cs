using Crescent.Engine.KvCache;
using Crescent.Engine.Models.Layers;
using Crescent.Kernels.Elementwise;

namespace Crescent.Engine.Models.KimiLinear;

/// <summary>Kimi Linear: mostly delta attention with a state of constant size, every few layers latent attention without rotation; mixtures of experts.</summary>
internal static class KimiLinearModel
{
    public static ModelParts Build(ModelBuilder builder)
    {
        var config = new KimiLinearConfig(builder);
        var latent = new Dictionary<int, MlaWeights>();
        var linear = new Dictionary<int, KdaWeights>();
        var feedForward = new FeedForwardBuilder(builder, GateFunction.Silu);
        for (var i = 0; i < builder.Layers; i++)
        {
            if (config.IsLatent(i))
            {
                latent.Add(i, MlaBuilder.ReadWeights(builder, config.Mla, $"blk.{i}"));
            }
            else
            {
                linear.Add(i, KdaBuilder.ReadWeights(builder, config.Kda, $"blk.{i}"));
            }

            feedForward.Add(i, config.Moe);
        }

        var mlaScratch = latent.Count > 0 ? new MlaScratch(config.Mla, builder.Options.MaxBatchTokens, builder.Threads, builder.Options.Mla, builder.Options.Isa) : null;
        var kdaScratch = linear.Count > 0 ? new KdaScratch(config.Kda, builder.Options.MaxBatchTokens) : null;
        var (blocks, blockScratch) = feedForward.Build();
        var layers = Enumerable.Range(0, builder.Layers).Select(i => new DecoderLayer
        {
            AttentionNorm = builder.Norm($"blk.{i}.attn_norm.weight", builder.Hidden),
            Attention = latent.TryGetValue(i, out var weights) ? new MlaAttention(weights, mlaScratch!) : new KdaAttention(linear[i], kdaScratch!),
            FeedForwardNorm = builder.Norm($"blk.{i}.ffn_norm.weight", builder.Hidden),
            FeedForward = blocks[i],
        });
        return builder.Assemble(
            new ModelShape(builder.Config.Architecture, builder.Layers, builder.Hidden, builder.Vocab, builder.ContextLength),
            [.. layers],
            rope: null,
            [.. Enumerable.Range(0, builder.Layers).Select(i => config.IsLatent(i) ? new KvLayerShape(1, config.Mla.CachedWidth, 0) : KvLayerShape.Recurrent(config.Kda.StateFloats))],
            [.. new IDisposable?[] { mlaScratch, kdaScratch }.OfType<IDisposable>(), .. blockScratch]);
    }
}
