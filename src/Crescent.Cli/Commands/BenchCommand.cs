using System.CommandLine;
using System.Globalization;
using Crescent.Cli.Json;
using Crescent.Cli.Options;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent bench</c>: prefill and decode speed beside what this machine's memory allows.</summary>
internal static class BenchCommand
{
    private const long MostProbeBytes = 4L << 30;
    private const int ProbePasses = 6;

    public static Command Create(Terminal terminal)
    {
        var model = new ModelOptionsArguments();
        var prompt = Values.Number("--prompt-tokens", 512, "Tokens of the prefill test; 0 for none", "-p");
        var count = Values.Number("--tokens", 128, "Tokens of the decode test; 0 for none", "-n");
        var depth = Values.Number("--depth", 0, "Tokens in the cache before each test", "-d");
        var repeats = Values.Number("--repeats", 3, "Counted repeats of each test", "-r");
        var batch = new Option<string>("--batch") { Description = "Sequences decoded together, e.g. 1,4,8 (1).", DefaultValueFactory = _ => "1" };
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var command = new Command("bench", "Measures prefill and decode speed.") { prompt, count, depth, repeats, batch, json };
        model.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var plan = new BenchPlan(
                AtLeast(0, "--prompt-tokens", parsed.GetValue(prompt)),
                AtLeast(0, "--tokens", parsed.GetValue(count)),
                AtLeast(0, "--depth", parsed.GetValue(depth)),
                AtLeast(1, "--repeats", parsed.GetValue(repeats)),
                [.. parsed.GetValue(batch)!.Split(',').Select(ParseBatch)]);
            if (plan is { PromptTokens: 0, DecodeTokens: 0 })
            {
                throw new CommandFailedException("--prompt-tokens and --tokens: expected at least one above 0, found nothing to measure", CommandFailedException.WrongUsage);
            }

            var options = model.Read(parsed, terminal);
            // A file that cannot be opened is told before the probe keeps the user waiting.
            Checkpoint.Open(model.PathOf(parsed)).Dispose();
            var bandwidth = Probe(options.Threads, terminal);
            using var session = ModelSession.Open(model.PathOf(parsed), model.ReadOverrides(parsed), options, Math.Max(model.ReadContext(parsed) ?? 0, plan.Context), terminal);
            session.WaitUntilInMemory();
            var tests = new Bench(session, plan, bandwidth).Run(terminal, cancellation);
            var report = new BenchJson(
                new BenchMachineJson(Machine.ProcessorName(), options.Isa.ToString().ToLowerInvariant(), session.Model.Threads, bandwidth / 1e9),
                new BenchModelJson(session.Checkpoint.Path, session.Checkpoint.TotalBytes, session.Model.Shape.Architecture, MainType(session)),
                tests);
            if (parsed.GetValue(json))
            {
                CliJson.Write(terminal.Out, report);
            }
            else
            {
                Print(terminal.Out, report);
            }

            return Task.FromResult(0);
        });
        return command;
    }

    private static double Probe(int threads, Terminal terminal)
    {
        terminal.Detail("measuring read bandwidth");
        using var pool = new ComputePool(threads > 0 ? threads : Environment.ProcessorCount);
        var bytes = Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 5, 64 << 20, MostProbeBytes);
        return ReadBandwidth.Measure(pool, bytes, ProbePasses);
    }

    // The type that holds most of the model's bytes.
    private static string MainType(ModelSession session) =>
        session.Checkpoint.Tensors.Values.GroupBy(tensor => tensor.DType).MaxBy(group => group.Sum(tensor => tensor.StoredBytes))!.Key.ToString();

    private static void Print(TextWriter output, BenchJson report)
    {
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Machine.Cpu}, {report.Machine.Isa}, {report.Machine.Threads} threads, memory read at {report.Machine.ReadGBps:F1} GB/s"));
        output.WriteLine($"{report.Model.Path}: {report.Model.Architecture}, {report.Model.Type}, {Sizes.Format(report.Model.Bytes)}");
        output.WriteLine($"{"test",-8} {"tokens",7} {"depth",7} {"batch",6} {"tok/s",9} {"min",9} {"max",9} {"GB/s",7} {"share",6} {"MB/token",9} {"alloc B",8}");
        foreach (var test in report.Tests)
        {
            var speed = test.TokensPerSecond;
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{test.Test,-8} {test.Tokens,7} {test.Depth,7} {test.Batch,6} {speed.Median,9:F2} {speed.Min,9:F2} {speed.Max,9:F2} {test.GbPerSecond,7:F1} {test.BandwidthShare,6:P0} {test.WeightBytesPerToken / 1e6,9:F1} {test.AllocatedBytesPerToken,8}"));
        }
    }

    private static int AtLeast(int least, string option, int value) =>
        value >= least && value <= 1 << 24
            ? value
            : throw new CommandFailedException($"{option}: expected {least}..{1 << 24}, found {value}", CommandFailedException.WrongUsage);

    private static int ParseBatch(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var batch) && batch is >= 1 and <= 256
            ? batch
            : throw new CommandFailedException($"--batch: expected sizes of 1..256 separated by commas, found '{text}'", CommandFailedException.WrongUsage);
}
