using Crescent.Engine.KvCache;
using Crescent.Engine.Models.Layers;
using Crescent.Kernels.Elementwise;
using Crescent.Kernels.MatMul;

namespace Crescent.Engine.Models;

/// <summary>What an architecture builds from a checkpoint.</summary>
public sealed record ModelParts
{
    public required ModelShape Shape { get; init; }

    /// <summary>[vocab, hidden]</summary>
    public required WeightMatrix Embedding { get; init; }

    public required IReadOnlyList<DecoderLayer> Layers { get; init; }

    public required NormRows OutputNorm { get; init; }

    /// <summary>[vocab, hidden]; the embedding where they are tied</summary>
    public required WeightMatrix Head { get; init; }

    /// <summary>[vocab], factors on logits, or null for none</summary>
    public float[]? HeadRowScales { get; init; }

    /// <summary>Rotation of queries and keys, or null for none.</summary>
    public required Rope? Rope { get; init; }

    /// <summary>What each layer caches.</summary>
    public required IReadOnlyList<KvLayerShape> Cache { get; init; }

    /// <summary>Buffers to free with the model.</summary>
    public required IReadOnlyList<IDisposable> Scratch { get; init; }

    /// <summary>Decisions worth telling the user, e.g. which YaRN betas were taken.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
