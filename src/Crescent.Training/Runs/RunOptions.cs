using System.Text.Json;
using System.Text.Json.Serialization;
using Crescent.Training.Data;
using Crescent.Training.Judging;
using Crescent.Training.Optimizers;

namespace Crescent.Training.Runs;

/// <summary>A training run, as its configuration file says it.</summary>
/// <remarks>Options with defaults have setters: of init-only ones the generated reader would overwrite what a file leaves out.</remarks>
public sealed record RunOptions
{
    /// <summary>Folder of the run: log, state and release.</summary>
    public required string Output { get; init; }

    /// <summary>Name of the released model; null for that of its folder.</summary>
    public string? Name { get; set; }

    /// <summary>Folder of an earlier run whose last weights this one begins with, as the next stage; its tokenizer is to be named too. Null for random weights.</summary>
    public string? From { get; set; }

    /// <summary>Folder of the corpora; null for <c>$CRESCENT_DATA/corpora</c>.</summary>
    public string? Corpora { get; set; }

    public required SourceOptions[] Sources { get; init; }

    public TokenizerOptions Tokenizer { get; set; } = new();

    public ModelShapeOptions Model { get; set; } = new();

    public OptimizerOptions Optimizer { get; set; } = new();

    public ScheduleOptions Schedule { get; set; } = new();

    /// <summary>Prompts whose first answers <c>crescent judge</c> shows.</summary>
    public SampleOptions[] Samples { get; set; } = [];

    public ulong Seed { get; set; } = 1;

    /// <summary>Threads that compute; 0 for one a physical core.</summary>
    public int Threads { get; set; }

    /// <summary>The folder of the corpora.</summary>
    /// <exception cref="InvalidDataException">Neither configuration nor environment names it.</exception>
    public string FindCorpora() => Corpora ?? (Environment.GetEnvironmentVariable("CRESCENT_DATA") is { Length: > 0 } folder
        ? Path.Combine(folder, "corpora")
        : throw new InvalidDataException("expected 'corpora' in the configuration, or CRESCENT_DATA in the environment, found neither"));

    /// <exception cref="InvalidDataException">The file is no such configuration.</exception>
    public static RunOptions Read(string path) => Parse(File.ReadAllText(path), path);

    /// <param name="place">Where the text is from, for errors.</param>
    /// <exception cref="InvalidDataException">The text is no such configuration.</exception>
    public static RunOptions Parse(string json, string place)
    {
        try
        {
            return JsonSerializer.Deserialize(json, RunJson.Default.RunOptions) ?? throw new InvalidDataException($"{place}: expected a JSON object, found null");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{place}: {exception.Message}", exception);
        }
    }
}

/// <summary>Where the tokenizer comes from.</summary>
public sealed record TokenizerOptions
{
    /// <summary>Folder of a trained one; null trains one on the sources that are text.</summary>
    public string? Folder { get; set; }

    /// <summary>Tokens without the 256 control tokens.</summary>
    public int Ranks { get; set; } = 7936;

    /// <summary>Bytes of text of each source that it is trained on.</summary>
    public long TextBytes { get; set; } = 8 << 20;
}

/// <summary>Rows, steps and rates.</summary>
public sealed record ScheduleOptions
{
    /// <summary>Tokens of a row: the context in training.</summary>
    public int RowLength { get; set; } = 512;

    /// <summary>Rows that go through the model together.</summary>
    public int Rows { get; set; } = 8;

    /// <summary>Batches a step.</summary>
    public int Accumulate { get; set; } = 4;

    public int Steps { get; set; } = 1600;

    public int WarmUp { get; set; } = 40;

    /// <summary>First step of the decay; null for the last fifth.</summary>
    public int? DecayStart { get; set; }

    public float Peak { get; set; } = 2e-3f;

    public float End { get; set; } = 2e-5f;

    /// <summary>Weight of the sequence-wise balance loss.</summary>
    public float Balance { get; set; } = 1e-4f;

    /// <summary>First step that computes with the weights of the release, experts in INT4 and other matrices in bfloat16; null for never.</summary>
    public int? Int4From { get; set; }

    /// <summary>Steps between states; a state is written at the end in any case.</summary>
    public int StateEvery { get; set; } = 200;

    /// <summary>Steps between losses on what is held out; 0 for never.</summary>
    public int EvaluateEvery { get; set; } = 200;

    /// <summary>Rows of each source that such a loss is taken over.</summary>
    public int EvaluationRows { get; set; } = 8;

    internal LearningRate Rate => new(Peak, End, WarmUp, DecayStart ?? Steps * 4 / 5, Steps);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(RunOptions))]
[JsonSerializable(typeof(RunProgress))]
[JsonSerializable(typeof(StepLog))]
[JsonSerializable(typeof(EvaluationLog))]
internal sealed partial class RunJson : JsonSerializerContext;
