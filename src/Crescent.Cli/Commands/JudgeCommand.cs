using System.CommandLine;
using Crescent.Cli.Hub;
using Crescent.Cli.Json;
using Crescent.Cli.Options;
using Crescent.Engine.Models;
using Crescent.Training.Judging;
using Crescent.Training.Runs;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent judge</c>: what a trained model can do, by what its run held out.</summary>
internal static class JudgeCommand
{
    public static Command Create(Terminal terminal)
    {
        var standard = new JudgeOptions();
        var config = new Argument<string>("CONFIG") { Description = "The run's configuration: its sources say what was held out." };
        var model = new Argument<string>("MODEL") { Description = "The trained model: a release folder or a GGUF file." };
        var against = new Option<string?>("--against") { Description = "Another model to compare with on the same text: divergence and speed.", HelpName = "MODEL" };
        var output = new Option<string?>("--out", "-o") { Description = "Folder of judge.md and judge.json (default: the run's).", HelpName = "FOLDER" };
        var tokens = Values.Number("--tokens", standard.Tokens, "Predictions of each kind that losses are taken over.");
        var context = Values.Number<int>("--context", "Most tokens of a piece that is scored (default: a row of training).", "-c");
        var turns = Values.Number("--turns", standard.Turns, "Turns that call a tool, and as many that do not.");
        var least = Values.Number("--least-tools", standard.LeastTools, "Only conversations with so many tools on offer.");
        var seed = Values.Number("--seed", standard.Seed, "Chooses what is judged.");
        var threads = Values.Number<int>("--threads", "Threads that compute (default: one a physical core).", "-t");
        var json = new Option<bool>("--json") { Description = "One JSON document: where the reports are." };
        var command = new Command("judge", "Judges a trained model by what its run held out: losses, tool use, samples.") { config, model, against, output, tokens, context, turns, least, seed, threads, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var run = RunOptions.Read(parsed.GetValue(config)!);
            var folder = parsed.GetValue(output) ?? run.Output;
            var options = standard with
            {
                Tokens = Values.InRange("--tokens", 1, int.MaxValue / 8, parsed.GetValue(tokens)),
                Context = parsed.GetValue(context) is { } longest ? Values.InRange("--context", 2, int.MaxValue, longest) : 0,
                Turns = Values.InRange("--turns", 0, int.MaxValue, parsed.GetValue(turns)),
                LeastTools = Values.InRange("--least-tools", 1, int.MaxValue, parsed.GetValue(least)),
                Seed = parsed.GetValue(seed),
            };
            var running = new ModelOptions { Threads = parsed.GetValue(threads) is { } count ? Values.InRange("--threads", 1, ModelOptionsArguments.MostThreads, count) : 0 };
            using var judged = JudgedModel.Open(ModelPath.Resolve(parsed.GetValue(model)!), running);
            using var other = parsed.GetValue(against) is { } path ? JudgedModel.Open(ModelPath.Resolve(path), running) : null;
            var progress = new ProgressSteps(terminal);
            var report = await new Judge(run, options, progress.Show).RunAsync(judged, other, cancellation);
            progress.Dispose();
            Directory.CreateDirectory(folder);
            var files = new JudgeJson(Path.Combine(folder, "judge.md"), Path.Combine(folder, "judge.json"));
            var text = JudgeMarkdown.Write(report);
            await File.WriteAllTextAsync(files.Report, text, cancellation);
            await File.WriteAllTextAsync(files.Figures, report.ToJson(), cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Write(terminal.Out, files);
            }
            else
            {
                await terminal.Out.WriteAsync(text);
            }

            return 0;
        });
        return command;
    }

    /// <summary>A progress line for each of the things that are done one after the other.</summary>
    private sealed class ProgressSteps(Terminal terminal) : IDisposable
    {
        private readonly Lock _lock = new();
        private (string What, ProgressLine Line)? _current;

        public void Show(string what, long done, long total)
        {
            lock (_lock)
            {
                if (_current?.What != what)
                {
                    Dispose();
                    _current = (what, new ProgressLine(terminal, what));
                }

                _current!.Value.Line.Show(done, total);
            }
        }

        public void Dispose() => _current?.Line.Dispose();
    }
}
