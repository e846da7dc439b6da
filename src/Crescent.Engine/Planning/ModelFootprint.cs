using Crescent.Engine.Checkpoints;
using Crescent.Engine.KvCache;
using Crescent.Engine.Weights;
using Crescent.Kernels;
using Crescent.Kernels.Attention;

namespace Crescent.Engine.Planning;

/// <summary>What a model asks of memory and drive: the bytes that must be resident, those of experts, and what a token adds.</summary>
public sealed record ModelFootprint
{
    /// <summary>Bytes of what every token needs, by <see cref="TensorRole"/>: all of it is held and read for every token. An embedding that is no head is not among it: its rows are read as needed.</summary>
    public required IReadOnlyDictionary<string, long> Resident { get; init; }

    /// <summary>Bytes of the embedding whose rows are read as needed; 0 where it is the head too.</summary>
    public required long EmbeddingBytes { get; init; }

    /// <summary>Layers of routed experts.</summary>
    public required IReadOnlyList<ExpertLayerShape> ExpertLayers { get; init; }

    /// <summary>Experts that a token takes in each of them.</summary>
    public required int ExpertsUsed { get; init; }

    /// <summary>Multiplications and additions of a token's products, attention over its context not counted.</summary>
    public required double MacsPerToken { get; init; }

    /// <summary>Bytes of intermediate values that a step takes for each of its tokens: an estimate.</summary>
    public required long ScratchBytesPerToken { get; init; }

    public required KvCacheLayout Cache { get; init; }

    /// <summary>Bytes that are held and read for every token.</summary>
    public long ResidentBytes => Resident.Values.Sum();

    /// <summary>Bytes of all routed experts.</summary>
    public long ExpertBytes => ExpertLayers.Sum(layer => layer.Experts * layer.ExpertBytes);

    /// <summary>Bytes of a slot in every layer.</summary>
    public long SlotBytes => ExpertLayers.Sum(layer => layer.ExpertBytes);

    /// <summary>Bytes of the experts that a token uses.</summary>
    public long ExpertBytesPerToken => ExpertsUsed * SlotBytes;

    /// <summary>Experts of a layer: the most, where layers differ.</summary>
    public int Experts => ExpertLayers.Count == 0 ? 0 : ExpertLayers.Max(layer => layer.Experts);

    /// <param name="expertsUsed">Routed experts that a token takes in a layer.</param>
    /// <param name="residentType">Type that what every token needs is recoded to, where that makes it smaller; null leaves it.</param>
    public static ModelFootprint Of(IReadOnlyList<PlannedTensor> tensors, int expertsUsed, KvType kvType = KvType.F16, DType? residentType = null)
    {
        var isTied = tensors.All(tensor => tensor.Name != "output.weight");
        var routed = tensors.Where(IsRouted).ToArray();
        var embedding = tensors.Where(tensor => !isTied && TensorRole.Of(tensor.Name) == TensorRole.Embeddings).ToArray();
        var resident = tensors.Except(routed).Except(embedding).ToArray();
        var layers = routed.GroupBy(tensor => LayerOf(tensor.Name)).OrderBy(layer => layer.Key)
            .Select(layer => new ExpertLayerShape(layer.Key, (int)layer.First().Shape[0], layer.Sum(tensor => tensor.Bytes) / layer.First().Shape[0])).ToArray();
        return new ModelFootprint
        {
            Resident = resident.GroupBy(tensor => RoleOf(tensor, isTied)).ToDictionary(role => role.Key, role => role.Sum(tensor => BytesIn(tensor, residentType))),
            EmbeddingBytes = embedding.Sum(tensor => tensor.Bytes),
            ExpertLayers = layers,
            ExpertsUsed = layers.Length == 0 ? 0 : expertsUsed,
            MacsPerToken = resident.Where(tensor => tensor.Shape.Count > 1).Sum(tensor => (double)tensor.Count) + routed.Sum(tensor => (double)tensor.Count / tensor.Shape[0] * expertsUsed),
            ScratchBytesPerToken = ScratchEstimate.BytesPerToken(tensors, expertsUsed),
            Cache = new KvCacheLayout(CacheShapes.Of(tensors), kvType),
        };
    }

    internal static int LayerOf(string name) =>
        name.StartsWith("blk.", StringComparison.Ordinal) && int.TryParse(name.AsSpan(4, name.IndexOf('.', 4) - 4), out var layer) ? layer : -1;

    // Biases of experts are vectors, and stay resident.
    private static bool IsRouted(PlannedTensor tensor) => TensorRole.Of(tensor.Name) == TensorRole.Experts && tensor.Shape.Count == 3;

    private static string RoleOf(PlannedTensor tensor, bool isTied) => TensorRole.Of(tensor.Name) switch
    {
        TensorRole.Embeddings when isTied => TensorRole.Head,
        TensorRole.Experts => TensorRole.Other,
        var role => role,
    };

    private static long BytesIn(PlannedTensor tensor, DType? type) =>
        type is { } wanted && tensor.Shape.Count > 1 && ResidentRecoder.TypeOf(wanted, tensor.Name, tensor.Count, tensor.Columns, tensor.Bytes) is { } chosen
            ? tensor.Count / tensor.Columns * chosen.Layout().RowBytes(tensor.Columns)
            : tensor.Bytes;
}
