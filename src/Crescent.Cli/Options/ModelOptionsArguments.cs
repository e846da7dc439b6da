using System.CommandLine;
using System.Numerics;
using Crescent.Cli.Hub;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Experts;
using Crescent.Engine.Experts.Traces;
using Crescent.Engine.Models;
using Crescent.Kernels;
using Crescent.Kernels.Attention;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Quantization;
using Crescent.Kernels.Storage;

namespace Crescent.Cli.Options;

/// <summary>The model and how it is run: the arguments that every command that loads one shares.</summary>
internal sealed class ModelOptionsArguments
{
    /// <summary>Most threads that an option takes.</summary>
    public const int MostThreads = 1024;

    private const double StandardTimeout = 60; // seconds
    private const double MostTimeout = 86400;
    private const int MostContext = 2_000_000_000; // so that positions and pages of a sequence fit an int

    private readonly Option<int?> _threads = Values.Number<int>("--threads", "Threads that compute (default: one a physical core).", "-t");
    private readonly LossyArguments _lossy = new();
    private readonly Option<int?> _context = Values.Number<int>("--context", "Most tokens of prompt and answer (default: the model's, at most 32768).", "-c");

    public Argument<string?> Model { get; } = new("MODEL")
    {
        Description = "A GGUF file or the first of its shards, a folder with config.json and safetensors, Grok-1's ckpt-0, or a name in the store (crescent pull). Default: the built-in model.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public Option<string> KvType { get; } = Values.Choice("--kv-type", "f16", "Type of cached keys and values.", "f16", "bf16", "f32", "q8_0");

    public Option<string> Isa { get; } = Values.Choice("--isa", "auto", "Instruction-set level of the kernels.", "auto", "avx512vnni", "avx512", "avx2", "portable");

    public Option<string> Activations { get; } = Values.Choice("--activations", "auto", "auto: int8 for quantised weights; f32: weights decoded, float32 products.", "auto", "f32");

    public Option<string> Repack { get; } = Values.Choice("--repack", "auto", "auto: weights that fit twice in memory are copied to huge pages while the first tokens run; off: they stay in the mapped file.", "auto", "off");

    public Option<string> Mla { get; } = Values.Choice("--mla", "auto", "Form of latent attention for prompts.", "auto", "absorbed", "expanded");

    public Option<string?> ResidentType { get; } = new("--resident-type") { Description = "Recode what every token needs to this type while loading (q8_0, q4_0 …); routed experts stay as they are." };

    public Option<long?> Memory { get; } = Values.Size("--memory", "Most memory of the process. Experts for which there is no room are read from the drive as they are needed.");

    public Option<string[]> Also { get; } = new("--also")
    {
        Description = "A folder on another drive with those of the model's files that are not beside the first; with --memory also with copies, to read from both. May be given again.",
        DefaultValueFactory = _ => [],
    };

    public Option<string?> RecordRouting { get; } = new("--record-routing") { Description = "Write the experts that every token chooses to this file (crescent routing reads it).", HelpName = "FILE" };

    public Option<int?> ExpertSlots { get; } = Values.Number<int>("--expert-slots", "At most so many experts of a layer in memory, however much there is: for measurements.");

    public Option<double?> DriveTimeout { get; } = Values.Number<double>("--drive-timeout", "With --memory: seconds without an answer of the drive after which a step fails (default: 60).");

    public Option<int?> DriveDepth { get; } = Values.Number<int>("--drive-depth", "With --memory: reads in flight (default: what a short measurement of the drive finds best, kept for later starts).");

    public Option<long?> DriveBlock { get; } = Values.Size("--drive-block", "With --memory: bytes of one read, a power of two (default: measured, as --drive-depth).");

    public Option<bool> Cold { get; } = new("--cold") { Description = "With --memory: do not begin with the experts that were in memory when the model ran last, and keep no record of those; measure the drive anew." };

    public Option<string[]> OverrideKv { get; } = new("--override-kv")
    {
        Description = "KEY=TYPE:VALUE replaces a metadata value; TYPE is int, float, bool or str.",
        DefaultValueFactory = _ => [],
    };

    /// <param name="threads">Whether the command takes <c>--threads</c> from here; one that measures several has its own.</param>
    public void AddTo(Command command, bool threads = true)
    {
        command.Add(Model);
        AddOptionsTo(command, threads);
    }

    public void AddOptionsTo(Command command, bool threads = true)
    {
        if (threads)
        {
            command.Add(_threads);
        }

        command.Add(_context);
        command.Add(KvType);
        command.Add(Isa);
        command.Add(Activations);
        command.Add(Mla);
        command.Add(Repack);
        command.Add(ResidentType);
        command.Add(Memory);
        command.Add(Also);
        command.Add(RecordRouting);
        command.Add(ExpertSlots);
        command.Add(DriveTimeout);
        command.Add(DriveDepth);
        command.Add(DriveBlock);
        command.Add(Cold);
        _lossy.AddTo(command);
        command.Add(OverrideKv);
    }

    public string PathOf(ParseResult parsed, Terminal terminal) => RequirePath(parsed.GetValue(Model), terminal);

    /// <summary>The built-in model where no other is named, and there is one; null otherwise.</summary>
    public BuiltInModel? BuiltIn(ParseResult parsed, Terminal terminal) => parsed.GetValue(Model) is null ? terminal.FindBuiltIn() : null;

    /// <summary>Where a named model is; without a name, the built-in one.</summary>
    /// <param name="terminal">Brings the built-in model; null where it cannot stand in.</param>
    public static string RequirePath(string? path, Terminal? terminal) =>
        !string.IsNullOrEmpty(path) ? ModelPath.Resolve(path)
        : path is null && terminal?.FindBuiltIn() is { } builtIn ? builtIn.Folder()
        : throw new CommandFailedException(
            $"no model given{(path is null ? ", and this build holds no built-in model" : "")}: name a GGUF file, fetch one with 'crescent pull org/name', or make a small random one with 'crescent synth tiny-kimi-k2 model.gguf'",
            CommandFailedException.WrongUsage);

    /// <param name="path">The model's; null for that of <see cref="Model"/>.</param>
    public ModelOptions Read(ParseResult parsed, Terminal terminal, int maxBatchTokens = 512, string? path = null)
    {
        var streaming = ReadStreaming(parsed, terminal, path);
        return new ModelOptions
        {
            Threads = AtMostProcessors(InRange(parsed, _threads, MostThreads) ?? 0, terminal),
            Isa = ReadIsa(parsed.GetValue(Isa)!),
            Activations = parsed.GetValue(Activations) == "f32" ? ActivationType.F32 : ActivationType.Int8,
            KvType = Enum.Parse<KvType>(parsed.GetValue(KvType)!, ignoreCase: true),
            MoveWeights = parsed.GetValue(Repack) == "auto",
            Mla = Enum.Parse<MlaForm>(parsed.GetValue(Mla)!, ignoreCase: true),
            ResidentType = parsed.GetValue(ResidentType) is { } type ? Values.TensorType("--resident-type", type, RowCodec.CanEncode) : null,
            Streaming = streaming,
            Lossy = _lossy.Read(parsed, isLimited: streaming is not null),
            Also = parsed.GetValue(Also)!,
            Recorder = OpenTrace(parsed.GetValue(RecordRouting)),
            MaxBatchTokens = maxBatchTokens,
        };
    }

    private ExpertStoreOptions? ReadStreaming(ParseResult parsed, Terminal terminal, string? path)
    {
        var slots = InRange(parsed, ExpertSlots, int.MaxValue);
        if (parsed.GetValue(DriveTimeout) is { } seconds && !(seconds is > 0 and <= MostTimeout))
        {
            throw new CommandFailedException($"--drive-timeout: expected more than 0 and at most {MostTimeout} seconds, found {seconds}", CommandFailedException.WrongUsage);
        }

        var choice = ReadChoice(parsed);
        if (parsed.GetValue(Memory) is null && slots is null)
        {
            return null;
        }

        return new ExpertStoreOptions
        {
            Memory = parsed.GetValue(Memory) ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            Also = parsed.GetValue(Also)!,
            MostSlots = slots ?? 0,
            StallTimeout = TimeSpan.FromSeconds(parsed.GetValue(DriveTimeout) ?? StandardTimeout),
            Choice = choice,
            UsagePath = parsed.GetValue(Cold) ? null : ExpertUsageFile.PathOf(path ?? PathOf(parsed, terminal)),
        };
    }

    private DriveChoiceOptions ReadChoice(ParseResult parsed) =>
        parsed.GetValue(DriveBlock) is not { } block || (block is >= DriveReaderOptions.MinBlockBytes and <= DriveReaderOptions.MaxBlockBytes && BitOperations.IsPow2(block))
            ? new DriveChoiceOptions
            {
                Depth = InRange(parsed, DriveDepth, DriveReaderOptions.MaxDepth),
                BlockBytes = (int?)parsed.GetValue(DriveBlock),
                Folder = CacheFolder.Of("drives"),
                IsAnew = parsed.GetValue(Cold),
            }
            : throw new CommandFailedException($"--drive-block: expected a power of two from {Sizes.Format(DriveReaderOptions.MinBlockBytes)} to {Sizes.Format(DriveReaderOptions.MaxBlockBytes)}, found {block}", CommandFailedException.WrongUsage);

    /// <summary>A number of threads, or as many as there are processors, with a warning, where it is more.</summary>
    public static int AtMostProcessors(int threads, Terminal terminal)
    {
        if (threads > Environment.ProcessorCount)
        {
            // Every step waits for all threads: more of them than processors make each other wait, by the hundredfold.
            terminal.Warn($"--threads: this machine has {Environment.ProcessorCount} processors, {Environment.ProcessorCount} threads are used instead of {threads}");
            return Environment.ProcessorCount;
        }

        return threads;
    }

    /// <summary>Context that the user asked for; null for none.</summary>
    public int? ReadContext(ParseResult parsed) => InRange(parsed, _context, MostContext);

    public IReadOnlyList<GgufOverride> ReadOverrides(ParseResult parsed) => [.. parsed.GetValue(OverrideKv)!.Select(GgufOverride.Parse)];

    private static RoutingTraceWriter? OpenTrace(string? path)
    {
        try
        {
            return path is null ? null : new RoutingTraceWriter(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"--record-routing: cannot write '{path}': {exception.Message}");
        }
    }

    private static int? InRange(ParseResult parsed, Option<int?> option, int most) =>
        parsed.GetValue(option) is not { } value || (value >= 1 && value <= most)
            ? parsed.GetValue(option)
            : throw new CommandFailedException($"{option.Name}: expected 1..{most}, found {value}", CommandFailedException.WrongUsage);

    private static IsaLevel ReadIsa(string name)
    {
        if (name == "auto")
        {
            return IsaLevels.Best;
        }

        var level = Enum.Parse<IsaLevel>(name, ignoreCase: true);
        return IsaLevels.IsSupported(level)
            ? level
            : throw new CommandFailedException($"--isa {name}: this processor does not have it; the best here is {IsaLevels.Best.ToString().ToLowerInvariant()}");
    }
}
