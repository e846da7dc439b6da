using Crescent.Engine.Chat;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Experts;
using Crescent.Engine.KvCache.Snapshots;
using Crescent.Engine.Models;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Server.Models;

namespace Crescent.Cli.Serving;

/// <summary>Opens models to serve, all with the same options.</summary>
internal sealed class ModelOpener
{
    private const int FingerprintBytes = 5;

    public required Terminal Terminal { get; init; }

    public required ModelOptions Options { get; init; }

    public IReadOnlyList<GgufOverride> Overrides { get; init; } = [];

    /// <summary>Context that the user asked for; null for the model's.</summary>
    public int? Context { get; init; }

    /// <summary>Name of the chat template; null for the model's.</summary>
    public string? Template { get; init; }

    /// <summary>Most tokens of reasoning; null for no bound.</summary>
    public int? ThinkingBudget { get; init; }

    public PrefixSnapshotOptions? Prefixes { get; init; }

    public required Func<ModelSession, SamplingOptions> Sampling { get; init; }

    public required Func<ModelSession, ChatEngineOptions> Engine { get; init; }

    /// <summary>Most bytes of the process, where models share it.</summary>
    public long Memory { get; init; }

    /// <summary>A model to load when it is asked for. Its files are looked at now.</summary>
    /// <exception cref="CheckpointException">They are incomplete or inconsistent.</exception>
    public ModelSource Describe(NamedModel model)
    {
        using var checkpoint = Checkpoint.Open(model.Path, Options.Also);
        var metadata = Overrides.Count > 0 ? checkpoint.Metadata.With(Overrides) : checkpoint.Metadata;
        _ = metadata.TryGetString("general.architecture", out var architecture);
        _ = metadata.TryGetInt32($"{architecture}.context_length", out var context);
        var facts = new ModelFacts
        {
            Name = model.Name,
            Path = model.Path,
            Created = CreatedOf(checkpoint),
            Architecture = architecture ?? "",
            TrainedContext = context,
            Size = checkpoint.TotalBytes,
            Parameters = CountOf(checkpoint),
            Fingerprint = Fingerprint(ModelIdentity.Hash(checkpoint, metadata, Options)),
        };
        var bytes = MemoryLimit.Estimate(checkpoint.TotalBytes);
        var options = Options.Streaming is null && bytes + MemoryLimit.RuntimeBytes <= Memory ? Options with { MemoryLimit = Memory } : Options;
        return new ModelSource(facts, bytes, () => Load(model, options));
    }

    public LoadedModel Load(NamedModel model) => Load(model, Options);

    private LoadedModel Load(NamedModel model, ModelOptions options)
    {
        var session = ModelSession.Open(model.Path, Overrides, OptionsOf(model, options), Context, Terminal);
        try
        {
            session.OpenSnapshots(Prefixes, Terminal);
            var sampling = Sampling(session);
            var engine = new ChatEngine(session.Model, session.Tokenizer, session.Template(Template), Engine(session));
            return new LoadedModel(Served(model, session, engine, sampling, ThinkingBudget), new ServedSession(session, engine));
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    // Each model has its own record of the experts that it used last.
    private static ModelOptions OptionsOf(NamedModel model, ModelOptions options) =>
        options.Streaming is { UsagePath: not null } streaming ? options with { Streaming = streaming with { UsagePath = ExpertUsageFile.PathOf(model.Path) } } : options;

    private static ServedModel Served(NamedModel model, ModelSession session, ChatEngine engine, SamplingOptions sampling, int? thinkingBudget) => new()
    {
        Name = model.Name,
        Path = model.Path,
        Engine = engine,
        Sampling = sampling,
        Created = CreatedOf(session.Checkpoint),
        TrainedContext = session.Model.Shape.ContextLength,
        Size = session.Checkpoint.TotalBytes,
        Parameters = CountOf(session.Checkpoint),
        Fingerprint = Fingerprint(session.Identity),
        ThinkingBudget = thinkingBudget,
        Today = session.Today,
    };

    private static DateTimeOffset CreatedOf(Checkpoint checkpoint) => new(File.GetLastWriteTimeUtc(checkpoint.Files[0]), TimeSpan.Zero);

    private static long CountOf(Checkpoint checkpoint) => checkpoint.Tensors.Values.Sum(tensor => tensor.Count);

    private static string Fingerprint(byte[] identity) => $"fp_{Convert.ToHexStringLower(identity.AsSpan(0, FingerprintBytes))}";
}
