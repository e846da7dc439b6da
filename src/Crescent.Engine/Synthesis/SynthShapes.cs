using System.Text.Json;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Synthesis.Published;
using Crescent.Kernels;

namespace Crescent.Engine.Synthesis;

/// <summary>
/// The structure of one model: its metadata keys and its tensors, as llama.cpp's converter names them; and which published tensors are made of those,
/// with the keys of <c>config.json</c>.
/// </summary>
internal abstract record SynthShape
{
    public required string Architecture { get; init; }

    /// <summary><c>model_type</c> of config.json.</summary>
    public required string ModelType { get; init; }

    /// <summary>The name in <c>architectures</c> of config.json.</summary>
    public required string ClassName { get; init; }

    /// <summary>The type that the model was released in.</summary>
    public DType Release { get; init; } = DType.BF16;

    public required int Layers { get; init; }

    public required int Hidden { get; init; }

    public required int Heads { get; init; }

    public required int Context { get; init; }

    public required float Epsilon { get; init; }

    public required float RopeBase { get; init; }

    public required Func<SynthVocabulary> Vocabulary { get; init; }

    /// <summary>Routed experts that a token takes in a layer; 0 where there are none.</summary>
    public abstract int ExpertsUsed { get; }

    /// <summary>The types of GGUF that hold the values exactly.</summary>
    public virtual IReadOnlyList<DType> Formats => SynthEncoder.Formats;

    /// <summary>The types of safetensors that hold the values exactly, in which the architecture is published.</summary>
    public virtual IReadOnlyList<DType> PublishedTypes => HasRoutedExperts
        ? [DType.F32, DType.F16, DType.BF16, DType.F8_E4M3, DType.INT4_G32]
        : [DType.F32, DType.F16, DType.BF16, DType.F8_E4M3];

    /// <summary>The key-value pairs after <c>general.*</c> and before the tokenizer's.</summary>
    public virtual void WriteMetadata(GgufWriter writer, int layers, int vocab) => writer
        .Set($"{Architecture}.vocab_size", (uint)vocab)
        .Set($"{Architecture}.context_length", (uint)Context)
        .Set($"{Architecture}.embedding_length", (uint)Hidden)
        .Set($"{Architecture}.block_count", (uint)layers)
        .Set($"{Architecture}.attention.head_count", (uint)Heads)
        .Set($"{Architecture}.attention.layer_norm_rms_epsilon", Epsilon)
        .Set($"{Architecture}.rope.freq_base", RopeBase);

    public IEnumerable<SynthTensor> Tensors(DType type, int layers, int vocab)
    {
        var list = new SynthTensorList(type);
        list.Matrix("token_embd.weight", vocab, Hidden);
        AddGlobals(list);
        list.Norm("output_norm.weight", Hidden);
        if (!Tied)
        {
            list.Matrix("output.weight", vocab, Hidden);
        }

        for (var layer = 0; layer < layers; layer++)
        {
            AddLayer(list.In(layer), layer);
        }

        return list.Tensors;
    }

    /// <summary>The same model as safetensors have it.</summary>
    /// <param name="type">One of <see cref="PublishedTypes"/>.</param>
    public IReadOnlyList<PublishedTensor> PublishedTensors(DType type, int layers, int vocab, ulong seed)
    {
        var list = new PublishedTensors(Tensors(DType.F32, layers, vocab), seed, type);
        AddPublished(list, layers);
        return list.All;
    }

    /// <summary>The keys of config.json that not every architecture has.</summary>
    public abstract void WriteConfig(Utf8JsonWriter json, int layers);

    /// <summary>The modules that stay as they are where the others are quantised, as config.json names them.</summary>
    public virtual IEnumerable<string> Unquantized(DType type, int layers) => [];

    /// <summary>Whether the embedding is the head, too.</summary>
    public virtual bool Tied => false;

    protected virtual bool HasRoutedExperts => true;

    /// <summary>Embedding, layers, final norm and head; <see cref="AddPublishedLayer"/> adds a layer.</summary>
    protected virtual void AddPublished(PublishedTensors list, int layers)
    {
        list.Matrix("model.embed_tokens", "token_embd.weight");
        for (var layer = 0; layer < layers; layer++)
        {
            AddPublishedLayer(list, $"model.layers.{layer}", $"blk.{layer}", layer);
        }

        list.Vector("model.norm.weight", "output_norm.weight");
        if (!Tied)
        {
            list.Matrix("lm_head", "output.weight");
        }
    }

    /// <param name="name">What the published names begin with.</param>
    /// <param name="source">What GGUF's names begin with.</param>
    protected abstract void AddPublishedLayer(PublishedTensors list, string name, string source, int layer);

    protected virtual void AddGlobals(SynthTensorList list)
    {
    }

    protected abstract void AddLayer(SynthTensorList list, int layer);
}

/// <summary>Collects tensors under a prefix (<c>blk.3.</c>).</summary>
internal sealed class SynthTensorList(DType type)
{
    private string _prefix = "";

    public List<SynthTensor> Tensors { get; } = [];

    public SynthTensorList In(int layer)
    {
        _prefix = $"blk.{layer}.";
        return this;
    }

    public void Matrix(string name, params long[] shape)
    {
        // A row that is not whole blocks takes Q8_0, as every row here is whole blocks of 32. In MXFP4 are experts alone, as in published files.
        var fits = type != DType.MXFP4 && shape[^1] % type.Layout().BlockLength == 0;
        Tensors.Add(new SynthTensor(_prefix + name, fits ? type : DType.Q8_0, shape, SynthRole.Matrix));
    }

    /// <summary>A matrix, or a stack of them, that MXFP4 can hold.</summary>
    public void FourBitMatrix(string name, params long[] shape)
    {
        var fits = shape[^1] % type.Layout().BlockLength == 0;
        Tensors.Add(new SynthTensor(_prefix + name, fits ? type : DType.Q8_0, shape, SynthRole.FourBitMatrix));
    }

    public void Router(string name, long experts, long hidden) => Tensors.Add(new SynthTensor(_prefix + name, DType.F32, [experts, hidden], SynthRole.Router));

    public void Norm(string name, long length) => Tensors.Add(new SynthTensor(_prefix + name, DType.F32, [length], SynthRole.Norm));

    public void Bias(string name, params long[] shape) => Tensors.Add(new SynthTensor(_prefix + name, DType.F32, shape, SynthRole.Bias));

    public void Sinks(string name, long heads) => Tensors.Add(new SynthTensor(_prefix + name, DType.F32, [heads], SynthRole.Sink));

    /// <summary>A short filter a channel, as a converter shapes it.</summary>
    public void Filters(string name, long channels, long taps) => Tensors.Add(new SynthTensor(_prefix + name, DType.F32, [channels, 1, taps], SynthRole.Router));

    /// <summary>Decay rates, one a head, as a converter shapes them.</summary>
    public void Rate(string name, long heads) => Tensors.Add(new SynthTensor(_prefix + name, DType.F32, [heads, 1], SynthRole.Rate));

    public void Given(string name, float[] values) => Tensors.Add(new SynthTensor(_prefix + name, DType.F32, [values.Length], SynthRole.Given, values));

    /// <summary>A SwiGLU layer's three matrices.</summary>
    public void Ffn(string suffix, long hidden, long width)
    {
        Matrix($"ffn_gate{suffix}.weight", width, hidden);
        Matrix($"ffn_up{suffix}.weight", width, hidden);
        Matrix($"ffn_down{suffix}.weight", hidden, width);
    }

    /// <summary>The stacked experts.</summary>
    public void Experts(long experts, long hidden, long width)
    {
        Matrix("ffn_gate_exps.weight", experts, width, hidden);
        Matrix("ffn_up_exps.weight", experts, width, hidden);
        Matrix("ffn_down_exps.weight", experts, hidden, width);
    }
}
