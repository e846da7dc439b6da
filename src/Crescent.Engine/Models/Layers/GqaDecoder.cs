using Crescent.Engine.KvCache;
using Crescent.Kernels.Attention;
using Crescent.Kernels.Elementwise;

namespace Crescent.Engine.Models.Layers;

/// <summary>
/// Builds the decoders whose layers are grouped-query attention and a feed-forward block, each behind a norm. An architecture adds its layers one
/// by one, attention and feed-forward; weights are read, and so checked against the file, before scratch is sized.
/// </summary>
internal sealed class GqaDecoder(ModelBuilder builder, GqaOptions options, GateFunction function)
{
    private readonly ModelBuilder _builder = builder;
    private readonly List<(GqaWeights Weights, AttentionModifiers? Modifiers)> _attention = [];

    public GqaOptions Options { get; } = options;

    /// <summary>Takes the feed-forward block of every layer, in order.</summary>
    public FeedForwardBuilder FeedForward { get; } = new(builder, function);

    /// <summary>Name of the norm before the feed-forward block.</summary>
    public string FeedForwardNorm { get; init; } = "ffn_norm";

    /// <summary>Reads the norms of a layer's attention and feed-forward outputs; only Grok has them.</summary>
    public Func<string, (NormRows? Attention, NormRows? FeedForward)> OutputNorms { get; init; } = static _ => (null, null);

    /// <summary>Whether the head's rows are divided by their length (Baichuan 2).</summary>
    public bool NormalizeHead { get; init; }

    /// <summary>Adds the attention of the next layer.</summary>
    public GqaWeights AddAttention(AttentionModifiers? modifiers = null)
    {
        var weights = GqaBuilder.ReadWeights(_builder, $"blk.{_attention.Count}", Options);
        _attention.Add((weights, modifiers));
        return weights;
    }

    /// <param name="rope">Rotation of queries and keys, or null for none.</param>
    /// <param name="shape">What the model has beyond sizes, or null for nothing.</param>
    public ModelParts Build(Rope? rope, ModelShape? shape = null, IReadOnlyList<string>? notes = null)
    {
        var scratch = new GqaScratch(Options, _builder.Options.MaxBatchTokens, _builder.Threads, _builder.Options.Isa);
        var (blocks, blockScratch) = FeedForward.Build();
        var parts = _builder.Assemble(
            shape ?? new ModelShape(_builder.Config.Architecture, _builder.Layers, _builder.Hidden, _builder.Vocab, _builder.ContextLength),
            [.. _attention.Select((attention, i) => Layer($"blk.{i}", new GqaAttention(attention.Weights, scratch, attention.Modifiers), blocks[i]))],
            rope,
            new KvLayerShape(Options.KvHeads, Options.KeyWidth, Options.ValueWidth),
            [scratch, .. blockScratch],
            notes);
        return NormalizeHead ? parts with { HeadRowScales = RowLengths.Inverse(parts.Head, _builder.Threads) } : parts;
    }

    private DecoderLayer Layer(string prefix, GqaAttention attention, IBlock feedForward)
    {
        var (attentionOutput, feedForwardOutput) = OutputNorms(prefix);
        return new DecoderLayer
        {
            AttentionNorm = _builder.Norm($"{prefix}.attn_norm.weight", _builder.Hidden),
            Attention = attention,
            AttentionOutputNorm = attentionOutput,
            FeedForwardNorm = _builder.Norm($"{prefix}.{FeedForwardNorm}.weight", _builder.Hidden),
            FeedForward = feedForward,
            FeedForwardOutputNorm = feedForwardOutput,
        };
    }
}
