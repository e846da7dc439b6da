using System.Text.Json;
using Crescent.Kernels.Training;
using Crescent.Training.Parameters;
using Crescent.Training.Runs;

namespace Crescent.Training.Ablations;

/// <summary>Runs a family's variants, each in a folder of its own; what is already there from the same configuration is not run again.</summary>
/// <param name="steps">Steps in place of the configurations'; null leaves them.</param>
public sealed class AblationRunner(AblationFamily family, string folder, int? steps = null)
{
    private const string ConfigName = "config.json";
    private const string ResultName = "result.json";

    // Folders of trained tokenizers, by what they were trained on.
    private readonly Dictionary<string, string> _tokenizers = [];

    /// <param name="begin">Is told of each run that begins, with its steps, and returns who is told of these.</param>
    public AblationResult Run(AblationVariant variant, ulong seed, Func<AblationVariant, ulong, int, Action<StepLog>?>? begin, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(variant);
        var output = Path.Combine(folder, variant.Name, $"{seed}");
        var options = family.Options(variant, seed, output, steps);
        var config = JsonSerializer.Serialize(options, RunJson.Default.RunOptions);
        var sources = JsonSerializer.Serialize(options with { Output = "", Seed = 0, Model = new(), Optimizer = new(), Schedule = new() }, RunJson.Default.RunOptions);
        if (Find(output, config) is { } known)
        {
            Remember(sources, options);
            return known;
        }

        if (options.Tokenizer.Folder is null && _tokenizers.TryGetValue(sources, out var tokenizer))
        {
            options.Tokenizer = options.Tokenizer with { Folder = tokenizer };
        }

        Directory.CreateDirectory(output);
        File.Delete(Path.Combine(output, ResultName));
        var result = Train(variant, options, begin?.Invoke(variant, seed, options.Schedule.Steps), cancellation);
        Remember(sources, options);
        File.WriteAllText(Path.Combine(output, ConfigName), config);
        File.WriteAllText(Path.Combine(output, ResultName), JsonSerializer.Serialize(result, AblationJson.Default.AblationResult));
        return result;
    }

    private static AblationResult Train(AblationVariant variant, RunOptions options, Action<StepLog>? visit, CancellationToken cancellation)
    {
        using var run = new TrainingRun(options, resume: false);
        var log = new List<StepLog>();
        while (!run.IsDone)
        {
            cancellation.ThrowIfCancellationRequested();
            log.Add(run.Advance());
            visit?.Invoke(log[^1]);
        }

        var loss = Mean(run.HeldOutLosses(), options);
        var late = log[^Math.Max(1, log.Count / 10)..].Where(step => step.ExpertLoad.Length > 0).ToArray();
        return new AblationResult(
            variant.Name,
            options.Seed,
            run.Model.Parameters.Sum(parameter => parameter.Values.Length),
            run.Model.Shape.ActiveWeights,
            log[^1].Tokens,
            loss,
            RoundedLoss(run, options),
            log.Max(step => step.LargestLogits.Max(layer => layer.Max())),
            log.Sum(step => step.ClippedHeads),
            late.Length == 0 ? 0 : late.Average(step => step.ExpertLoad.Average(layer => layer.Max())),
            log.Select(step => step.TokensPerSecond).Order().ElementAt(log.Count / 2));
    }

    // Of a run whose experts are rounded already, this is its loss.
    private static double? RoundedLoss(TrainingRun run, RunOptions options)
    {
        if (run.Model.Parameters.Any(parameter => parameter.Role == ParameterRole.Expert && parameter.Columns % Int4Rounding.Group != 0))
        {
            return null;
        }

        run.Model.RoundWeights();
        return Mean(run.HeldOutLosses(), options);
    }

    private static double Mean(Dictionary<string, double> losses, RunOptions options)
    {
        var sources = options.Sources.Where(source => losses.ContainsKey(source.Name)).ToArray();
        return sources.Sum(source => source.Weight * losses[source.Name]) / sources.Sum(source => source.Weight);
    }

    private static AblationResult? Find(string output, string config)
    {
        var (made, result) = (Path.Combine(output, ConfigName), Path.Combine(output, ResultName));
        return File.Exists(made) && File.Exists(result) && File.ReadAllText(made) == config ? JsonSerializer.Deserialize(File.ReadAllText(result), AblationJson.Default.AblationResult) : null;
    }

    private void Remember(string sources, RunOptions options)
    {
        var trained = Path.Combine(options.Output, TokenizerTraining.FolderName);
        if (options.Tokenizer.Folder is null && Directory.Exists(trained))
        {
            _tokenizers.TryAdd(sources, trained);
        }
    }
}
