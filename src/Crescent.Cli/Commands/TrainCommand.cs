using System.CommandLine;
using System.Globalization;
using Crescent.Cli.Json;
using Crescent.Training.Runs;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent train</c>: trains a small model of the Kimi K2 kind from a configuration.</summary>
internal static class TrainCommand
{
    public static Command Create(Terminal terminal)
    {
        var config = new Argument<string>("CONFIG") { Description = "The run's configuration: a JSON file (docs/formats.md)." };
        var resume = new Option<bool>("--resume") { Description = "Go on from the run's last state." };
        var json = new Option<bool>("--json") { Description = "One JSON document at the end." };
        var command = new Command("train", "Trains a model from a configuration.") { config, resume, json };
        command.SetAction((parsed, cancellation) =>
        {
            var options = RunOptions.Read(parsed.GetValue(config)!);
            using var run = new TrainingRun(options, parsed.GetValue(resume), line => terminal.Note(line));
            terminal.Note(string.Create(CultureInfo.InvariantCulture, $"{run.Model.Parameters.Sum(parameter => parameter.Values.Length) / 1e6:F1} million weights, {run.Model.Shape.ActiveWeights / 1e6:F1} million active"));
            StepLog? last = null;
            using (var view = terminal.IsInteractive && !terminal.Quiet ? new TrainingView(terminal, options.Schedule.Steps) : null)
            {
                Action<StepLog> show = view is null ? step => terminal.Note(Line(step, options.Schedule.Steps)) : view.Show;
                run.Run(
                    step =>
                    {
                        last = step;
                        show(step);
                    },
                    cancellation);
            }

            var release = Path.Combine(options.Output, TrainingRun.ReleaseName);
            if (parsed.GetValue(json))
            {
                CliJson.Write(terminal.Out, new TrainJson(release, run.Step, last?.Tokens, last?.Loss));
            }
            else
            {
                terminal.Out.WriteLine(release);
            }

            return Task.FromResult(0);
        });
        return command;
    }

    private static string Line(StepLog step, int steps) => string.Create(
        CultureInfo.InvariantCulture,
        $"step {step.Step}/{steps}: loss {step.Loss:F4}, gradient {step.GradientNorm:F2}, rate {step.Rate:g3}, {step.TokensPerSecond:F0} tokens/s, {step.OperationsPerSecond / 1e9:F0} GFLOP/s");
}
