using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Kernels.Elementwise;
using Crescent.Kernels.MatMul;

namespace Crescent.Engine.Conversion;

/// <summary>
/// What llama.cpp's files have otherwise than a published model: rows of queries and keys in Llama's order, latent attention's up-projection cut in
/// two, divisors instead of Llama-3's rotation keys, a head that is normalised already.
/// </summary>
internal sealed class PublishedForms
{
    private const string KeyValueUp = ".attn_kv_b.weight";

    private readonly GgufMetadata _metadata;
    private readonly string _architecture;
    private readonly bool _isGguf;
    private readonly bool _permutes;
    private readonly bool _normalizesHead;

    /// <param name="isGguf">Whether the source is in the written form already.</param>
    public PublishedForms(Checkpoint checkpoint, bool isGguf)
    {
        _isGguf = isGguf;
        _metadata = checkpoint.Metadata;
        _architecture = _metadata.GetString("general.architecture");
        _permutes = _architecture is "llama" or "baichuan" && !checkpoint.HasPermutedLlamaHeads;
        _normalizesHead = _metadata.TryGetBool($"{_architecture}.{ModelMetadata.NormalizeHead}", out var normalizes) && normalizes;
    }

    /// <summary>The written tensors of a published one.</summary>
    public IEnumerable<TensorForm> Of(CheckpointTensor tensor)
    {
        if (_isGguf)
        {
            return [new TensorForm(tensor)];
        }

        if (tensor.Name.EndsWith(KeyValueUp, StringComparison.Ordinal))
        {
            return Split(tensor);
        }

        if (_permutes && IsQueryOrKey(tensor.Name))
        {
            return [Permuted(tensor)];
        }

        if (_normalizesHead && tensor.Name == "output.weight")
        {
            return [new TensorForm(tensor) { Rows = matrices => new UnitRows(matrices[0]), IsComputed = true }];
        }

        return [new TensorForm(tensor) { Shape = ShapeOf(tensor) }];
    }

    /// <summary>Llama 3's divisors of the rotation's frequencies, or null where the model has none.</summary>
    public float[]? RotationDivisors()
    {
        if (_isGguf || !_metadata.TryGetString($"{_architecture}.rope.scaling.type", out var type) || type != ModelMetadata.Llama3)
        {
            return null;
        }

        var (width, theta) = (Integer("rope.dimension_count"), Number("rope.freq_base"));
        var scaled = RopeFrequencies.Llama3(width, theta, new Llama3Scaling(
            Number("rope.scaling.factor"), Number("rope.scaling.low_freq_factor"), Number("rope.scaling.high_freq_factor"), Number("rope.scaling.original_context_length")));
        return [.. RopeFrequencies.Plain(width, theta).Zip(scaled, (frequency, divided) => (float)(frequency / divided))];
    }

    private static bool IsQueryOrKey(string name) =>
        name.EndsWith(".attn_q.weight", StringComparison.Ordinal) || name.EndsWith(".attn_k.weight", StringComparison.Ordinal)
        || name.EndsWith(".attn_q.bias", StringComparison.Ordinal) || name.EndsWith(".attn_k.bias", StringComparison.Ordinal);

    // llama.cpp tells axes apart that a publisher may leave out.
    private static IReadOnlyList<long> ShapeOf(CheckpointTensor tensor) => tensor switch
    {
        { Shape: [var heads] } when tensor.Name.EndsWith(".ssm_a", StringComparison.Ordinal) => [heads, 1],
        { Shape: [var channels, var taps] } when tensor.Name.Contains(".ssm_conv1d", StringComparison.Ordinal) => [channels, 1, taps],
        _ => tensor.Shape,
    };

    private TensorForm Permuted(CheckpointTensor tensor)
    {
        var headDim = Integer("attention.key_length");
        var rows = tensor.Shape.Count > 1 ? tensor.Shape[^2] : tensor.Shape[^1];
        if (headDim % 2 != 0 || rows % headDim != 0)
        {
            throw new CheckpointException($"{tensor.File}: tensor '{tensor.Name}' at offset {tensor.Offset}: expected rows of heads of {headDim}, an even number, found {rows} rows");
        }

        var order = RowOrders.PairsAdjacent(headDim);
        return tensor.Shape.Count > 1 ? new TensorForm(tensor) { Order = order } : new TensorForm(tensor) { Rows = matrices => Elements(matrices[0], order) };
    }

    private static HeldRow Elements(WeightMatrix vector, RowOrder order)
    {
        var published = new float[vector.Columns];
        vector.DecodeRow(0, published);
        return new HeldRow([.. published.Select((_, i) => published[order(i)])]);
    }

    private IEnumerable<TensorForm> Split(CheckpointTensor tensor)
    {
        var rope = Integer("rope.dimension_count");
        var (heads, nope, value) = (Integer("attention.head_count"), Integer("attention.key_length") - rope, Integer("attention.value_length"));
        var latent = tensor.Shape[^1];
        if (tensor.Shape.Count != 2 || nope < 1 || value < 1 || tensor.Shape[0] != (long)heads * (nope + value) || latent > int.MaxValue)
        {
            throw new CheckpointException(
                $"{tensor.File}: tensor '{tensor.Name}' at offset {tensor.Offset}: expected [{heads} heads · ({nope} + {value}), latent], found [{string.Join(", ", tensor.Shape)}]");
        }

        var prefix = tensor.Name[..^KeyValueUp.Length];
        yield return new TensorForm($"{prefix}.attn_k_b.weight", [heads, latent, nope], tensor) { Rows = matrices => new TransposedKeys(matrices[0], nope + value, nope) };
        yield return new TensorForm($"{prefix}.attn_v_b.weight", [heads, value, latent], tensor) { Order = RowOrders.Block(nope + value, nope, value) };
    }

    private int Integer(string name)
    {
        var key = $"{_architecture}.{name}";
        var value = _metadata.GetInt32(key);
        return value is >= 1 and < 1 << 24 ? value : throw new CheckpointException($"metadata key '{key}': expected 1..{1 << 24}, found {value}");
    }

    private double Number(string name) => _metadata.GetDouble($"{_architecture}.{name}");
}
