using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.KvCache;
using Crescent.Engine.Models;
using Crescent.Engine.Runtime;
using Crescent.Kernels;
using Crescent.Kernels.Attention;
using Crescent.Text.Tokenizers;

namespace Crescent.Tests.Models;

/// <summary>A model over its mapped files.</summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly Checkpoint _checkpoint;

    private LoadedModel(Checkpoint checkpoint, LanguageModel model)
    {
        _checkpoint = checkpoint;
        Model = model;
    }

    public LanguageModel Model { get; }

    public IReadOnlyList<string> Notes { get; private init; } = [];

    public int Vocab => Model.Shape.Vocab;

    public IReadOnlyDictionary<string, IReadOnlyList<long>> TensorShapes() => _checkpoint.Tensors.ToDictionary(tensor => tensor.Key, tensor => tensor.Value.Shape);

    public IEnumerable<DType> TensorTypes() => _checkpoint.Tensors.Values.Select(tensor => tensor.DType).Distinct();

    /// <summary>The hash of what cached values depend on, as if the model had been loaded with these options.</summary>
    public byte[] Identity(ModelOptions options, params string[] overrides) =>
        ModelIdentity.Hash(_checkpoint, _checkpoint.Metadata.With(overrides.Select(GgufOverride.Parse)), options);

    public Tokenizer Tokenizer() => _checkpoint.ReadTokenizer(_checkpoint.Metadata);

    /// <summary>One thread, F32 cache and 64 tokens a step, so that a test sees no more than what it changes.</summary>
    public static ModelOptions Plain { get; } = new() { Threads = 1, KvType = KvType.F32, MaxBatchTokens = 64 };

    public static LoadedModel Open(string name, ModelOptions? options = null) => OpenFile(TestModels.PathOf(name), options);

    /// <param name="overrides">Metadata other than the file's, as <c>--override-kv</c> takes it.</param>
    public static LoadedModel OpenFile(string path, ModelOptions? options = null, params string[] overrides)
    {
        var checkpoint = Checkpoint.Open(path, options?.Also ?? []);
        try
        {
            var model = ModelLoader.Load(checkpoint, checkpoint.Metadata.With(overrides.Select(GgufOverride.Parse)), options ?? Plain, out var notes);
            return new LoadedModel(checkpoint, model) { Notes = notes };
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>Logits of every position: [tokens, vocab].</summary>
    public float[] Score(ReadOnlySpan<int> tokens, int chunk)
    {
        var vocab = Vocab;
        var logits = new float[tokens.Length * vocab];
        Scorer.Run(Model, tokens, chunk, (position, row) => row.CopyTo(logits.AsSpan(position * vocab)));
        return logits;
    }

    /// <summary>The same as if every token had been generated: one a step, in the form of attention that generated tokens take.</summary>
    public float[] Decode(ReadOnlySpan<int> tokens)
    {
        var logits = new float[tokens.Length * Vocab];
        using var pool = new PagePool(Model.CacheLayout, PagePool.PagesFor(tokens.Length));
        var pages = new SequencePages(pool);
        for (var i = 0; i < tokens.Length; i++)
        {
            pages.TryReserve(i + 1);
            Model.Batch.Clear();
            Model.Batch.Add(tokens.Slice(i, 1), i, pages, isPrompt: false);
            Model.Batch.WantLogits(0);
            Model.Forward();
            Model.LogitsOf(0).CopyTo(logits.AsSpan(i * Vocab));
        }

        return logits;
    }

    public Generator Generator(int context = 128, int sequences = 1, int chunk = 0, int pages = 0, Tokenizer? tokenizer = null) =>
        new(Model, tokenizer, new GeneratorOptions { Context = context, MaxSequences = sequences, Chunk = chunk, MaxCachePages = pages });

    public void Dispose()
    {
        Model.Dispose();
        _checkpoint.Dispose();
    }
}
