using Crescent.Engine.Experts;
using Crescent.Engine.Models.Layers;
using Crescent.Engine.Weights;
using Crescent.Kernels.Elementwise;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Processors;

namespace Crescent.Engine.Models;

/// <summary>What the architectures' builders share: names, shapes and defaults of GGUF's tensors.</summary>
public sealed class ModelBuilder(GgufConfig config, TensorSource tensors, ModelOptions options)
{
    public GgufConfig Config { get; } = config;

    public TensorSource Tensors { get; } = tensors;

    public ModelOptions Options { get; } = options;

    /// <inheritdoc cref="Checkpoints.Checkpoint.HasPermutedLlamaHeads"/>
    public bool HasPermutedLlamaHeads { get; init; } = true;

    /// <summary>Holds some of the experts where they are read from the drive; null where all are in memory.</summary>
    internal ExpertStore? Store { get; init; }

    /// <summary>Tensors of the same model in smaller types; null where there are none.</summary>
    internal TensorSource? Copies { get; init; }

    public int Threads => ProcessorLayout.ThreadsOrDefault(Options.Threads);

    public int Hidden { get; } = config.Integer("embedding_length");

    public int Layers { get; } = config.Integer("block_count", 1, 65536);

    /// <summary>Each norm takes the file's epsilon.</summary>
    public float Epsilon { get; } = config.Positive("attention.layer_norm_rms_epsilon", 1e-5f);

    /// <summary>Rows of the embedding.</summary>
    public int Vocab =>
        Tensors.ShapeOf("token_embd.weight") is [var rows, _] && rows is > 0 and <= int.MaxValue
            ? (int)rows
            : throw Config.Error("expected a tensor 'token_embd.weight' of shape [vocab, hidden], found " + (Tensors.ShapeOf("token_embd.weight") is { } shape ? $"[{string.Join(", ", shape)}]" : "none"));

    public NormRows Norm(string name, int width) => new(Tensors.Vector(name, width), Epsilon);

    public NormRows? OptionalNorm(string name, int width) => Tensors.Contains(name) ? Norm(name, width) : null;

    /// <summary>A matrix with the bias of the same name, where there is one.</summary>
    public Linear Linear(string name, int outputs, int inputs) =>
        new(Tensors.Matrix($"{name}.weight", outputs, inputs), Tensors.OptionalVector($"{name}.bias", outputs));

    /// <summary>Gate, up and down of a dense or shared unit.</summary>
    public FeedForwardWeights FeedForward(string prefix, string suffix, int width) => new(
        Tensors.Matrix($"{prefix}.ffn_gate{suffix}.weight", width, Hidden),
        Tensors.Matrix($"{prefix}.ffn_up{suffix}.weight", width, Hidden),
        Tensors.Matrix($"{prefix}.ffn_down{suffix}.weight", Hidden, width));

    /// <summary>The stacked experts of a layer.</summary>
    public ExpertWeights Experts(string prefix, int experts, int width) => new(
        Stack($"{prefix}.ffn_gate_exps.weight", experts, width, Hidden),
        Stack($"{prefix}.ffn_up_exps.weight", experts, width, Hidden),
        Stack($"{prefix}.ffn_down_exps.weight", experts, Hidden, width))
    {
        GateBias = Tensors.OptionalVectors($"{prefix}.ffn_gate_exps.bias", experts, width),
        UpBias = Tensors.OptionalVectors($"{prefix}.ffn_up_exps.bias", experts, width),
        DownBias = Tensors.OptionalVectors($"{prefix}.ffn_down_exps.bias", experts, Hidden),
    };

    /// <summary>Where a layer's experts are while the model runs.</summary>
    /// <param name="prefix">Of the names of its tensors.</param>
    public IExpertPlace PlaceOf(string prefix, ExpertWeights experts) =>
        Store is null ? new ResidentExperts(experts) : new StreamedExperts(Store, experts, Copies is null ? null : CopiesOf(prefix, experts));

    /// <summary>Assembles a model around its layers, which all cache the same.</summary>
    public ModelParts Assemble(
        ModelShape shape, IReadOnlyList<DecoderLayer> layers, Rope? rope, KvCache.KvLayerShape cache, IReadOnlyList<IDisposable> scratch, IReadOnlyList<string>? notes = null) =>
        Assemble(shape, layers, rope, [.. Enumerable.Repeat(cache, layers.Count)], scratch, notes);

    /// <summary>Assembles a model around its layers.</summary>
    /// <param name="cache">What each layer caches.</param>
    public ModelParts Assemble(
        ModelShape shape,
        IReadOnlyList<DecoderLayer> layers,
        Rope? rope,
        IReadOnlyList<KvCache.KvLayerShape> cache,
        IReadOnlyList<IDisposable> scratch,
        IReadOnlyList<string>? notes = null)
    {
        var embedding = Store is null ? Tensors.Table("token_embd.weight", shape.Vocab, Hidden) : Tensors.UnmappedTable("token_embd.weight", shape.Vocab, Hidden);
        return new ModelParts
        {
            Shape = shape,
            Embedding = embedding,
            Layers = layers,
            OutputNorm = Norm("output_norm.weight", Hidden),
            Head = Tensors.Matrix(Tensors.Contains("output.weight") ? "output.weight" : "token_embd.weight", shape.Vocab, Hidden),
            Rope = rope,
            Cache = cache,
            Scratch = scratch,
            Notes = notes ?? [],
        };
    }

    private ExpertWeights CopiesOf(string prefix, ExpertWeights experts)
    {
        var (width, hidden) = (experts.Gate[0].Rows, experts.Gate[0].Columns);
        return new ExpertWeights(
            Copies!.StreamedStack($"{prefix}.ffn_gate_exps.weight", experts.Count, width, hidden),
            Copies.StreamedStack($"{prefix}.ffn_up_exps.weight", experts.Count, width, hidden),
            Copies.StreamedStack($"{prefix}.ffn_down_exps.weight", experts.Count, hidden, width));
    }

    private WeightMatrix[] Stack(string name, long count, long rows, long columns) =>
        Store is null ? Tensors.Stack(name, count, rows, columns) : Tensors.StreamedStack(name, count, rows, columns);

    public int ContextLength => Config.Integer("context_length", 4096, 1, int.MaxValue);
}
