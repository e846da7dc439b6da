using Crescent.Engine.KvCache;
using Crescent.Engine.Models.Layers;
using Crescent.Kernels.Elementwise;
using Crescent.Kernels.MatMul;

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
            attention.Add(ReadAttention(builder, config.Mla, $"blk.{i}"));
            if (i < config.DenseLayers)
            {
                feedForward.AddDense($"blk.{i}", builder.Config.Integer("feed_forward_length"));
            }
            else
            {
                feedForward.AddExperts($"blk.{i}", config.Router, config.Experts, config.ExpertWidth, config.SharedWidth);
            }
        }

        var scratch = new MlaScratch(config.Mla, builder.Options.MaxBatchTokens, builder.Threads, builder.Options.Mla);
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

    private static MlaWeights ReadAttention(ModelBuilder builder, MlaOptions options, string prefix)
    {
        var tensors = builder.Tensors;
        var compressed = options.QueryRank > 0;
        var (keyUp, valueUp, transposed) = ReadUp(builder, options, prefix);
        return new MlaWeights
        {
            QueryDown = compressed ? tensors.Matrix($"{prefix}.attn_q_a.weight", options.QueryRank, builder.Hidden) : null,
            QueryNorm = compressed ? builder.Norm($"{prefix}.attn_q_a_norm.weight", options.QueryRank) : null,
            Query = compressed
                ? tensors.Matrix($"{prefix}.attn_q_b.weight", (long)options.Heads * options.HeadWidth, options.QueryRank)
                : tensors.Matrix($"{prefix}.attn_q.weight", (long)options.Heads * options.HeadWidth, builder.Hidden),
            LatentDown = tensors.Matrix($"{prefix}.attn_kv_a_mqa.weight", options.CachedWidth, builder.Hidden),
            LatentNorm = builder.Norm($"{prefix}.attn_kv_a_norm.weight", options.LatentWidth),
            KeyUp = keyUp,
            KeyIsTransposed = transposed,
            ValueUp = valueUp,
            Output = tensors.Matrix($"{prefix}.attn_output.weight", builder.Hidden, (long)options.Heads * options.ValueWidth),
        };
    }

    // Current files split kv_b into attn_k_b (transposed, one matrix a head) and attn_v_b; older ones keep it whole, key rows before value rows in
    // every head; some have both, the split ones as 2-D tensors of the same bytes.
    private static (WeightMatrix[] KeyUp, WeightMatrix[] ValueUp, bool Transposed) ReadUp(ModelBuilder builder, MlaOptions options, string prefix)
    {
        var (tensors, heads) = (builder.Tensors, options.Heads);
        if (tensors.Contains($"{prefix}.attn_k_b.weight") && tensors.Contains($"{prefix}.attn_v_b.weight"))
        {
            return (
                ReadHeads(tensors, $"{prefix}.attn_k_b.weight", heads, options.LatentWidth, options.NopeWidth),
                ReadHeads(tensors, $"{prefix}.attn_v_b.weight", heads, options.ValueWidth, options.LatentWidth),
                true);
        }

        var rows = options.NopeWidth + options.ValueWidth;
        var whole = tensors.Matrix($"{prefix}.attn_kv_b.weight", (long)heads * rows, options.LatentWidth);
        WeightMatrix[] keyUp = [.. Enumerable.Range(0, heads).Select(h => whole.RowRange(h * rows, options.NopeWidth))];
        tensors.NameViews($"{prefix}.attn_kv_b.weight", keyUp[0]); // all heads read the same latents
        return (keyUp, [.. Enumerable.Range(0, heads).Select(h => whole.RowRange((h * rows) + options.NopeWidth, options.ValueWidth))], false);
    }

    private static WeightMatrix[] ReadHeads(Weights.TensorSource tensors, string name, int heads, int rows, int columns)
    {
        if (tensors.ShapeOf(name)!.Count == 2 && heads > 1)
        {
            var whole = tensors.Matrix(name, (long)heads * rows, columns);
            WeightMatrix[] views = [.. Enumerable.Range(0, heads).Select(h => whole.RowRange(h * rows, rows))];
            tensors.NameViews(name, views);
            return views;
        }

        return tensors.Stack(name, heads, rows, columns);
    }
}
