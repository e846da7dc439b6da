using System.CommandLine;
using System.Globalization;
using Crescent.Cli.Json;
using Crescent.Cli.Options;
using Crescent.Training.Ablations;
using Crescent.Training.Runs;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent ablate</c>: what changes to a configuration do to small runs.</summary>
internal static class AblateCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("FAMILY") { Description = "A configuration and changes to it: a JSON file (docs/formats.md)." };
        var output = new Option<string>("--out", "-o") { Description = "Folder of the runs and their table.", HelpName = "FOLDER", Required = true };
        var only = new Option<string?>("--only") { Description = "Only these variants: names, joined by commas." };
        var steps = Values.Number<int>("--steps", "Steps of each run (default: the configuration's).");
        var json = new Option<bool>("--json") { Description = "One JSON document: where the table is." };
        var command = new Command("ablate", "Trains variants of a small configuration with several seeds, and compares them.") { file, output, only, steps, json };
        command.SetAction((parsed, cancellation) =>
        {
            var family = AblationFamily.Read(parsed.GetValue(file)!);
            var variants = Chosen(family, parsed.GetValue(only));
            var folder = parsed.GetValue(output)!;
            var runner = new AblationRunner(family, folder, Values.AtLeastOne("--steps", parsed.GetValue(steps)));
            var results = new List<AblationResult>();
            foreach (var seed in family.Seeds)
            {
                foreach (var variant in variants)
                {
                    results.Add(Run(terminal, runner, variant, seed, cancellation));
                    terminal.Note(string.Create(CultureInfo.InvariantCulture, $"{variant.Name}, seed {seed}: held-out loss {results[^1].Loss:F4}, {results[^1].TokensPerSecond:F0} tokens/s"));
                }
            }

            var files = new AblateJson(Path.Combine(folder, "ablations.md"), Path.Combine(folder, "ablations.json"), results.Count);
            var table = AblationTable.Write(family, results);
            File.WriteAllText(files.Table, table);
            File.WriteAllText(files.Results, AblationResult.ToJson(results));
            if (parsed.GetValue(json))
            {
                CliJson.Write(terminal.Out, files);
            }
            else
            {
                terminal.Out.Write(table);
            }

            return Task.FromResult(0);
        });
        return command;
    }

    private static AblationResult Run(Terminal terminal, AblationRunner runner, AblationVariant variant, ulong seed, CancellationToken cancellation)
    {
        TrainingView? view = null;
        try
        {
            return runner.Run(
                variant,
                seed,
                (_, _, steps) =>
                {
                    view = terminal.IsInteractive && !terminal.Quiet ? new TrainingView(terminal, steps) : null;
                    return view is null ? null : view.Show;
                },
                cancellation);
        }
        finally
        {
            view?.Dispose();
        }
    }

    private static AblationVariant[] Chosen(AblationFamily family, string? names)
    {
        var wanted = names?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (wanted?.Except(family.Variants.Select(variant => variant.Name)).FirstOrDefault() is { } unknown)
        {
            throw new CommandFailedException($"--only: expected names of {string.Join(", ", family.Variants.Select(variant => variant.Name))}, found '{unknown}'", CommandFailedException.WrongUsage);
        }

        return [.. family.Variants.Where(variant => wanted is null || wanted.Contains(variant.Name))];
    }
}
