using System.CommandLine;
using Crescent.Cli.Benchmarks;
using Crescent.Cli.Json;
using Crescent.Cli.Options;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Models;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent bench</c>: prefill and decode speed beside what this machine's memory allows.</summary>
internal static class BenchCommand
{
    private const int MostTokens = 1 << 24;
    private const int MostBatch = 256;
    private const int MostUbatch = 1 << 16;

    public static Command Create(Terminal terminal)
    {
        var model = new ModelOptionsArguments();
        var prompt = Values.Number("--prompt-tokens", 512, "Tokens of the prefill test; 0 for none", "-p");
        var count = Values.Number("--tokens", 128, "Tokens of the decode test; 0 for none", "-n");
        var repeats = Values.Number("--repeats", 3, "Counted repeats of each test", "-r");
        var ubatch = Values.Number("--ubatch", 512, "Most tokens of one step: the size of a prompt's chunks", "-ub");
        var depth = NumberList.Option("--depth", [0], 0, MostTokens, "Tokens in the cache before each test, e.g. 0,4k,16k (0). The cache is filled once a depth.", "-d");
        var batch = NumberList.Option("--batch", [1], 1, MostBatch, "Sequences decoded together, e.g. 1,4,8 (1).");
        var threads = NumberList.Option("--threads", [], 1, ModelOptionsArguments.MostThreads, "Threads that compute, e.g. 1,2 (default: one a physical core). The model is opened anew for each count.", "-t");
        var bandwidth = Values.Number<double>("--read-bandwidth", "GB/s that memory gives, instead of measuring it.");
        var csv = new Option<string?>("--csv") { Description = "Append a row for each repeat to this file.", HelpName = "FILE" };
        var profile = new Option<bool>("--profile") { Description = "Tell where the time of each test's last repeat went." };
        var routing = new Option<string?>("--routing") { Description = "Choose the experts of this trace instead of the model's own (crescent routing).", HelpName = "FILE" };
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var command = new Command("bench", "Measures prefill and decode speed.") { prompt, count, depth, repeats, batch, threads, ubatch, bandwidth, csv, profile, routing, json };
        model.AddTo(command, threads: false);
        command.SetAction((parsed, cancellation) =>
        {
            var plan = new BenchPlan(
                Values.InRange(prompt.Name, 0, MostTokens, parsed.GetValue(prompt)),
                Values.InRange(count.Name, 0, MostTokens, parsed.GetValue(count)),
                parsed.GetValue(depth)!,
                parsed.GetValue(batch)!,
                Values.InRange(repeats.Name, 1, MostTokens, parsed.GetValue(repeats)),
                parsed.GetValue(profile));
            var chunk = Values.InRange(ubatch.Name, 1, MostUbatch, parsed.GetValue(ubatch));
            Require(plan, chunk, parsed.GetValue(bandwidth));
            var scene = new BenchScene(
                model.PathOf(parsed, terminal),
                model.ReadOverrides(parsed),
                model.Read(parsed, terminal, chunk),
                Math.Max(model.ReadContext(parsed) ?? 0, plan.Context),
                parsed.GetValue(bandwidth) * 1e9,
                parsed.GetValue(csv),
                parsed.GetValue(routing));
            // What cannot be opened is told before the probe keeps the user waiting.
            Checkpoint.Open(scene.Path, scene.Options.Also).Dispose();
            if (scene.CsvPath is { } path)
            {
                BenchFile.RequireAppendable(BenchScene.CsvOption, path);
            }

            var counts = parsed.GetValue(threads)!.Select(number => ModelOptionsArguments.AtMostProcessors(number, terminal)).Distinct().DefaultIfEmpty(0);
            var report = scene.Run(plan, [.. counts], terminal, cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Write(terminal.Out, report);
            }
            else
            {
                BenchTable.Write(terminal.Out, report);
            }

            return Task.FromResult(0);
        });
        return command;
    }

    private static void Require(BenchPlan plan, int ubatch, double? bandwidth)
    {
        if (plan is { PromptTokens: 0, DecodeTokens: 0 })
        {
            throw new CommandFailedException("--prompt-tokens and --tokens: expected at least one above 0, found nothing to measure", CommandFailedException.WrongUsage);
        }

        if (plan.MostSequences > ubatch)
        {
            throw new CommandFailedException($"--batch: expected at most --ubatch {ubatch} sequences, found {plan.MostSequences}", CommandFailedException.WrongUsage);
        }

        if (bandwidth is { } given && !(given > 0 && double.IsFinite(given)))
        {
            throw new CommandFailedException($"--read-bandwidth: expected a number above 0, found {given}", CommandFailedException.WrongUsage);
        }
    }
}
