using System.Diagnostics;
using Crescent.Engine.Chat;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Models;
using Crescent.Engine.Runtime.Scoring;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;

namespace Crescent.Training.Judging;

/// <summary>A model as the product opens and runs it.</summary>
public sealed class JudgedModel : IDisposable
{
    private readonly Checkpoint _checkpoint;
    private TimeSpan _elapsed;
    private long _run;

    private JudgedModel(Checkpoint checkpoint, LanguageModel model, Tokenizer tokenizer, ChatTemplate template) =>
        (_checkpoint, Model, Tokenizer, Template) = (checkpoint, model, tokenizer, template);

    public LanguageModel Model { get; }

    public Tokenizer Tokenizer { get; }

    public ChatTemplate Template { get; }

    public string Path => _checkpoint.Path;

    /// <summary>Bytes of the model's files.</summary>
    public long Bytes => _checkpoint.TotalBytes;

    public int Context => Math.Min(Model.Shape.ContextLength, ChatModelOptions.StandardContext);

    /// <summary>Tokens a second in the passes so far; 0 before the first.</summary>
    public double ScoringSpeed => _run == 0 ? 0 : _run / _elapsed.TotalSeconds;

    /// <exception cref="CheckpointException">The files are incomplete, inconsistent, or of an unknown architecture.</exception>
    public static JudgedModel Open(string path, ModelOptions options)
    {
        var checkpoint = Checkpoint.Open(path);
        LanguageModel? model = null;
        try
        {
            var metadata = checkpoint.Metadata;
            model = ModelOpening.LoadBeside(() => checkpoint.ReadTokenizer(metadata), () => ModelLoader.Load(checkpoint, metadata, options, out _), out var tokenizer);
            ModelOpening.Check(path, tokenizer, model);
            var opened = model;
            model.BeforeFirstStep = () => ModelOpening.BringIntoMemory(checkpoint, opened, options);
            return new JudgedModel(checkpoint, model, tokenizer, TemplateFactory.Create("kimi-k2"));
        }
        catch
        {
            model?.Dispose();
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>Begins a pass over a piece whose logits are wanted from the first prediction that counts on.</summary>
    public ScoringPass Begin(ScoredPiece piece)
    {
        ArgumentNullException.ThrowIfNull(piece);
        _run += piece.Tokens.Length - 1;
        return new ScoringPass(Model, piece.Tokens.AsSpan(..^1), Math.Min(Model.Batch.MaxTokens, piece.Tokens.Length), Array.IndexOf(piece.IsLearnt, true, 1) - 1);
    }

    /// <summary>A step of a pass, timed.</summary>
    public bool Step(ScoringPass pass, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(pass);
        var start = Stopwatch.GetTimestamp();
        var went = pass.Step(cancellation);
        _elapsed += Stopwatch.GetElapsedTime(start);
        return went;
    }

    /// <summary>The engine that answers with the model; the caller's.</summary>
    public ChatEngine CreateEngine(int parallel) =>
        new(Model, Tokenizer, Template, new ChatEngineOptions { Context = Context, Parallel = parallel, Queue = parallel, BusyChunk = Model.Batch.MaxTokens });

    public void Dispose()
    {
        Model.Dispose();
        _checkpoint.Dispose();
    }
}
