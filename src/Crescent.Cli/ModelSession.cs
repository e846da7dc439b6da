using Crescent.Cli.Lossy;
using Crescent.Cli.Planning;
using Crescent.Engine.Chat;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.KvCache.Snapshots;
using Crescent.Engine.Models;
using Crescent.Engine.Runtime;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Engine.Runtime.Speculation;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;

namespace Crescent.Cli;

/// <summary>A loaded model with everything a command needs beside it.</summary>
internal sealed class ModelSession : IDisposable
{
    /// <summary>Context where neither the user nor a smaller model says otherwise: the cache grows by pages, but a run-away answer should end.</summary>
    public const int DefaultContext = ChatModelOptions.StandardContext;

    private readonly ModelOptions _options;

    private ModelSession(Checkpoint checkpoint, GgufMetadata metadata, LanguageModel model, ModelOptions options, Tokenizer tokenizer, int context)
    {
        _options = options;
        Checkpoint = checkpoint;
        Metadata = metadata;
        Model = model;
        Tokenizer = tokenizer;
        Context = context;
        Defaults = SamplingDefaults.For(metadata);
    }

    public Checkpoint Checkpoint { get; }

    public GgufMetadata Metadata { get; }

    public LanguageModel Model { get; }

    public Tokenizer Tokenizer { get; }

    /// <summary>Most tokens of a sequence.</summary>
    public int Context { get; }

    public SamplingDefaults Defaults { get; }

    /// <summary>The day the session began: a date in the prompt that changed at midnight would make all of it new.</summary>
    public required DateOnly Today { get; init; }

    /// <summary>A hash of everything that cached values, and so answers, depend on.</summary>
    public byte[] Identity => field ??= ModelIdentity.Hash(Checkpoint, Metadata, _options);

    /// <summary>What of the results is lossy; null where they are exact.</summary>
    public LossyLabel? Lossy { get; private init; }

    /// <summary>Stored beginnings of prompts; null for none.</summary>
    public PrefixSnapshotStore? Snapshots { get; private set; }

    /// <summary>What is expected of a run whose experts are read as they are needed; null for others.</summary>
    public StreamedForecast? Forecast { get; private init; }

    /// <param name="context">Context the user asked for; null for none.</param>
    /// <param name="adapt">Fits the options to what the checkpoint holds; null leaves them.</param>
    public static ModelSession Open(string path, IReadOnlyList<GgufOverride> overrides, ModelOptions options, int? context, Terminal terminal, Func<Checkpoint, ModelOptions, ModelOptions>? adapt = null)
    {
        var checkpoint = Checkpoint.Open(path, options.Also);
        LanguageModel? model = null;
        try
        {
            options = adapt?.Invoke(checkpoint, options) ?? options;
            var asked = options.Lossy;
            options = MemoryLimit.Apply(checkpoint, options);
            if (asked is { ActsOnAnswers: true } && options.Lossy is not { ActsOnAnswers: true })
            {
                terminal.Note($"note: {(asked.CopiesPath is null ? "--lossy-prefer-resident changes" : "--lossy-prefer-resident and --lossy-copies change")} nothing: all experts are in memory");
            }

            // Before the model, so that the limit holds this too.
            double? memoryRate = options.Streaming is { } streaming ? MemoryRate.Get(options.Threads, streaming.Memory, CacheFolder.Of("memory")) : null;
            IReadOnlyList<string> notes = [];
            var metadata = overrides.Count > 0 ? checkpoint.Metadata.With(overrides) : checkpoint.Metadata;
            model = ModelOpening.LoadBeside(() => checkpoint.ReadTokenizer(metadata), () => ModelLoader.Load(checkpoint, metadata, options, out notes), out var tokenizer);
            foreach (var note in notes)
            {
                terminal.Note($"note: {note}");
            }

            model.Recorder = options.Recorder;
            MemoryLimit.Check(path, model, options);
            var lossy = LabelOf(path, checkpoint, metadata, model, options, terminal);
            ModelOpening.Check(path, tokenizer, model);
            model.BeforeFirstStep = () => ModelOpening.BringIntoMemory(checkpoint, model, options);
            return new ModelSession(checkpoint, metadata, model, options, tokenizer, ChooseContext(model.Shape.ContextLength, context, terminal))
            {
                Today = DateOnly.FromDateTime(terminal.Time.GetLocalNow().DateTime),
                Lossy = lossy,
                Forecast = memoryRate is { } rate && lossy is null ? StreamedForecast.Of(checkpoint, metadata, model, options, rate) : null,
            };
        }
        catch
        {
            model?.Dispose();
            checkpoint.Dispose();
            throw;
        }
    }

    private static LossyLabel? LabelOf(string path, Checkpoint checkpoint, GgufMetadata metadata, LanguageModel model, ModelOptions options, Terminal terminal)
    {
        if (options.Lossy is not { } lossy)
        {
            return null;
        }

        if (model.ExpertShape is null)
        {
            throw new CommandFailedException($"lossy options: {path}: expected a model with experts, found none");
        }

        var label = LossyLabel.Of(lossy, LossyKey.Of(checkpoint, metadata, options));
        terminal.Note(label.Line);
        return label;
    }

    /// <summary>Has the generators that are made from now on keep and find beginnings of prompts; not where the options are null.</summary>
    public void OpenSnapshots(PrefixSnapshotOptions? options, Terminal terminal) =>
        Snapshots = options is null ? null : new PrefixSnapshotStore(options, Model.CacheLayout, () => Identity, terminal.Warn);

    /// <summary>The template that the user named, else the one that the model's markers and architecture tell.</summary>
    public ChatTemplate Template(string? name)
    {
        _ = Metadata.TryGetString("general.architecture", out var architecture);
        _ = Metadata.TryGetString("general.name", out var modelName);
        return name is null ? TemplateFactory.Detect(architecture, Tokenizer, modelName)
            : TemplateFactory.Names.Contains(name) ? TemplateFactory.Create(name)
            : throw new CommandFailedException($"--template: expected one of {string.Join(", ", TemplateFactory.Names)}, found '{name}'", CommandFailedException.WrongUsage);
    }

    /// <summary>Tokens that end an answer: the tokenizer's, and the template's markers where it is used.</summary>
    public HashSet<int> StopTokens(ChatTemplate? template)
    {
        var ids = new HashSet<int>(Tokenizer.StopIds);
        foreach (var name in template?.StopNames ?? [])
        {
            if (Tokenizer.FindMarker(name) is { } id)
            {
                ids.Add(id);
            }
        }

        return ids;
    }

    /// <summary>Waits until the model is where it will stay, for whoever measures.</summary>
    public void WaitUntilInMemory()
    {
        Model.BeforeFirstStep?.Invoke();
        Model.BeforeFirstStep = null;
        Checkpoint.WaitUntilPopulated();
        Model.AfterFirstStep?.Invoke();
        Model.AfterFirstStep = null;
        Model.WaitUntilMoved();
    }

    public Generator CreateGenerator(SpeculationOptions? speculation) =>
        new(Model, Tokenizer, new GeneratorOptions { Context = Context, Snapshots = Snapshots, Speculation = speculation });

    public void Dispose()
    {
        (Model.Recorder as IDisposable)?.Dispose();
        Model.Dispose();
        Checkpoint.Dispose();
    }

    private static int ChooseContext(int made, int? wanted, Terminal terminal)
    {
        if (wanted is not { } asked)
        {
            return Math.Min(made, DefaultContext);
        }

        if (asked > made)
        {
            terminal.Warn($"a context of {asked} tokens is longer than the {made} that the model was made for");
        }

        return asked;
    }
}
