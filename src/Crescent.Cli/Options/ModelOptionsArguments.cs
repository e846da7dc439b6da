using System.CommandLine;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Models;
using Crescent.Kernels;
using Crescent.Kernels.Attention;
using Crescent.Kernels.MatMul;

namespace Crescent.Cli.Options;

/// <summary>The model and how it is run: the arguments that every command that loads one shares.</summary>
internal sealed class ModelOptionsArguments
{
    public Argument<string?> Model { get; } = new("MODEL")
    {
        Description = "A GGUF file, or the first of its shards.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public Option<int> Threads { get; } = new("--threads", "-t") { Description = "Threads that compute (default: one a processor)." };

    public Option<int> Context { get; } = new("--context", "-c") { Description = "Most tokens of prompt and answer (default: the model's, at most 32768)." };

    public Option<string> KvType { get; } = Choice("--kv-type", "f16", "Type of cached keys and values.", "f16", "bf16", "f32", "q8_0");

    public Option<string> Isa { get; } = Choice("--isa", "auto", "Instruction-set level of the kernels.", "auto", "avx512", "avx2", "portable");

    public Option<string> Activations { get; } = Choice("--activations", "auto", "auto: int8 for quantised weights; f32: weights decoded, float32 products.", "auto", "f32");

    public Option<string> Mla { get; } = Choice("--mla", "auto", "Form of latent attention for prompts.", "auto", "absorbed", "expanded");

    public Option<string[]> OverrideKv { get; } = new("--override-kv")
    {
        Description = "KEY=TYPE:VALUE replaces a metadata value; TYPE is int, float, bool or str.",
        DefaultValueFactory = _ => [],
    };

    public void AddTo(Command command)
    {
        command.Add(Model);
        AddOptionsTo(command);
    }

    public void AddOptionsTo(Command command)
    {
        command.Add(Threads);
        command.Add(Context);
        command.Add(KvType);
        command.Add(Isa);
        command.Add(Activations);
        command.Add(Mla);
        command.Add(OverrideKv);
    }

    public string PathOf(ParseResult parsed) => RequirePath(parsed.GetValue(Model));

    public static string RequirePath(string? path) =>
        path ?? throw new CommandFailedException(
            "no model given, and there is no built-in one yet: name a GGUF file, or make a small random one with 'crescent synth tiny-kimi-k2 model.gguf'",
            CommandFailedException.WrongUsage);

    public ModelOptions Read(ParseResult parsed, int maxBatchTokens = 512)
    {
        var threads = parsed.GetValue(Threads);
        if (threads is < 0 or > 1024)
        {
            throw new CommandFailedException($"--threads: expected 1..1024, found {threads}", CommandFailedException.WrongUsage);
        }

        var context = parsed.GetValue(Context);
        if (context < 0)
        {
            throw new CommandFailedException($"--context: expected at least 1, found {context}", CommandFailedException.WrongUsage);
        }

        return new ModelOptions
        {
            Threads = threads,
            Isa = ReadIsa(parsed.GetValue(Isa)!),
            Activations = parsed.GetValue(Activations) == "f32" ? ActivationType.F32 : ActivationType.Int8,
            KvType = Enum.Parse<KvType>(parsed.GetValue(KvType)!, ignoreCase: true),
            Mla = Enum.Parse<MlaForm>(parsed.GetValue(Mla)!, ignoreCase: true),
            MaxBatchTokens = maxBatchTokens,
        };
    }

    public IReadOnlyList<GgufOverride> ReadOverrides(ParseResult parsed) => [.. parsed.GetValue(OverrideKv)!.Select(GgufOverride.Parse)];

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

    internal static Option<string> Choice(string name, string standard, string description, params string[] choices)
    {
        var option = new Option<string>(name) { Description = $"{description} ({standard})", DefaultValueFactory = _ => standard };
        option.AcceptOnlyFromAmong(choices);
        return option;
    }
}
