using System.CommandLine;
using Crescent.Cli.Benchmarks;
using Crescent.Cli.Comparisons;
using Crescent.Cli.Json;
using Crescent.Cli.Options;
using Crescent.Engine.Checkpoints;
using Crescent.Kernels.Processors;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent compare</c>: this engine beside another on the same file, in alternating runs.</summary>
internal static class CompareCommand
{
    private const int MostTokens = 1 << 24;
    private const int MostUbatch = 1 << 16;
    private const int MostRepeats = 1000;

    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string?>("MODEL") { Description = "A GGUF file that both engines read.", Arity = ArgumentArity.ZeroOrOne };
        var peer = new Option<string>("--peer") { Description = "The llama-bench of llama.cpp or of a fork, or another build of crescent.", HelpName = "FILE", Required = true };
        var peerName = new Option<string?>("--peer-name") { Description = "What reports call the peer (default: its project's name).", HelpName = "NAME" };
        var peerArgs = Values.Text("--peer-args", "Arguments to add to the peer's, e.g. \"-rtr 1 -thp 1\".");
        var ours = new Option<string?>("--ours") { Description = "Another build of crescent to measure instead of this one.", HelpName = "FILE" };
        var args = Values.Text("--args", "Arguments to add to ours, e.g. \"--kv-type q8_0\".");
        var prompt = Values.Number("--prompt-tokens", 512, "Tokens of the prefill test; 0 for none", "-p");
        var count = Values.Number("--tokens", 128, "Tokens of the decode test; 0 for none", "-n");
        var depth = Values.Number("--depth", 0, "Tokens in the cache before each test", "-d");
        var threads = Values.Number<int>("--threads", "Threads that compute (default: one a physical core).", "-t");
        var ubatch = Values.Number("--ubatch", 512, "Most tokens of one step", "-ub");
        var pairs = Values.Number("--pairs", 5, "Runs of each engine, in pairs whose order alternates", "-r");
        var repeats = Values.Number("--repeats", 3, "Repeats within a run, which counts their median");
        var output = new Option<string?>(ComparisonFiles.Option, "-o") { Description = "Folder for the report (default: bench/results/ and the processor's name).", HelpName = "FOLDER" };
        var note = Values.Texts("--note", "A line to put into the report.");
        var json = new Option<bool>("--json") { Description = "One JSON document instead of the table." };
        var command = new Command("compare", "Measures this engine beside another on the same file.")
        {
            model, peer, peerName, peerArgs, ours, args, prompt, count, depth, threads, ubatch, pairs, repeats, output, note, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var asked = new EngineCase(
                Path.GetFullPath(ModelOptionsArguments.RequirePath(parsed.GetValue(model), null)),
                Values.InRange(prompt.Name, 0, MostTokens, parsed.GetValue(prompt)),
                Values.InRange(count.Name, 0, MostTokens, parsed.GetValue(count)),
                Values.InRange(depth.Name, 0, MostTokens, parsed.GetValue(depth)),
                ModelOptionsArguments.AtMostProcessors(Values.InRange(threads.Name, 1, ModelOptionsArguments.MostThreads, parsed.GetValue(threads) ?? ProcessorLayout.ThreadsOrDefault(0)), terminal),
                Values.InRange(ubatch.Name, 1, MostUbatch, parsed.GetValue(ubatch)),
                Values.InRange(repeats.Name, 1, MostRepeats, parsed.GetValue(repeats)));
            var wanted = Values.InRange(pairs.Name, 1, MostRepeats, parsed.GetValue(pairs));
            if (asked is { PromptTokens: 0, DecodeTokens: 0 })
            {
                throw new CommandFailedException("--prompt-tokens and --tokens: expected at least one above 0, found nothing to measure", CommandFailedException.WrongUsage);
            }

            var modelBytes = BytesOf(asked.Model);
            var other = await Engines.OpenPeerAsync(parsed.GetValue(peer)!, parsed.GetValue(peerName), Words(parsed.GetValue(peerArgs)), cancellation);
            var own = await Engines.OpenOursAsync(parsed.GetValue(ours), Words(parsed.GetValue(args)), cancellation);
            var notes = parsed.GetValue(note)!.ToList();
            var comparison = new Comparison(own, other, WithoutWhatThePeerLacks(asked, other, notes, terminal));
            var started = TimeProvider.System.GetUtcNow().UtcDateTime;
            var files = new ComparisonFiles(parsed.GetValue(output) ?? ComparisonFiles.DefaultFolder(), comparison, started);
            for (var i = 0; i < wanted; i++)
            {
                await comparison.RunPairAsync(() => BandwidthProbe.Measure(asked.Threads, modelBytes, terminal), terminal, cancellation);
                files.Write(ComparisonReport.Write(comparison, started, notes), ComparisonRows.Of(comparison));
            }

            if (parsed.GetValue(json))
            {
                CliJson.Write(terminal.Out, ToJson(comparison, files));
            }
            else
            {
                terminal.Out.Write(ComparisonReport.Result(comparison));
                terminal.Note($"written: {files.Markdown}, {files.Rows}");
            }

            return 0;
        });
        return command;
    }

    private static EngineCase WithoutWhatThePeerLacks(EngineCase asked, BenchEngine peer, List<string> notes, Terminal terminal)
    {
        if (asked.Depth == 0 || asked.PromptTokens == 0 || peer.PrefillsAtDepth)
        {
            return asked;
        }

        if (asked.DecodeTokens == 0)
        {
            throw new CommandFailedException($"--depth: {peer.Name} cannot measure prefill at a depth, and no decode was asked for");
        }

        var note = $"Prefill was not measured: {peer.Name} has no prefill at a depth.";
        notes.Add(note);
        terminal.Warn(note);
        return asked with { PromptTokens = 0 };
    }

    private static long BytesOf(string model)
    {
        using var checkpoint = Checkpoint.Open(model);
        return checkpoint.TotalBytes;
    }

    private static string[] Words(string? text) => text?.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    private static CompareJson ToJson(Comparison comparison, ComparisonFiles files) => new(
        comparison.Ours.Name,
        comparison.Peer.Name,
        [.. comparison.Tests.Select(test => new CompareTestJson(
            test.Name, ToJson(test.Ours), ToJson(test.Peer), ToJson(test.Ratios), test.RatioOfMedians, test.OurShare?.Median, test.PeerShare?.Median))],
        [files.Markdown, files.Rows]);

    private static BenchRangeJson ToJson(Spread spread) => new(spread.Median, spread.Min, spread.Max);
}
