using System.CommandLine;
using System.Diagnostics;
using Crescent.Cli.Json;
using Crescent.Cli.Options;
using Crescent.Engine.Synthesis;
using Crescent.Kernels;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent synth</c>: a random model of a real shape, to measure a machine before downloading the real one.</summary>
internal static class SynthCommand
{
    private const int MostThreads = 1024;

    public static Command Create(Terminal terminal)
    {
        var preset = new Argument<string>("PRESET") { Description = $"One of: {string.Join(", ", SynthPreset.Names)}." };
        var output = new Argument<string>("OUT") { Description = "The file to write." };
        var type = new Option<string>("--type") { Description = "Type of every matrix (q4_0).", DefaultValueFactory = _ => "q4_0" };
        var layers = Values.Number<int>("--layers", "Only the first N layers.");
        var seed = Values.Number("--seed", 0UL, "Seed of the values");
        var threads = Values.Number<int>("--threads", "Threads that compute (default: one a processor).", "-t");
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var command = new Command("synth", "Writes a random model of a real shape as a GGUF file.") { preset, output, type, layers, seed, threads, json };
        command.SetAction((parsed, cancellation) =>
        {
            if (!SynthPreset.TryGet(parsed.GetValue(preset)!, out var shape))
            {
                throw new CommandFailedException(
                    $"unknown preset '{parsed.GetValue(preset)}'; expected one of {string.Join(", ", SynthPreset.Names)}", CommandFailedException.WrongUsage);
            }

            if (parsed.GetValue(layers) is { } first)
            {
                InRange("--layers", first, shape.Layers);
            }

            var options = new SynthOptions { DType = Values.TensorType("--type", parsed.GetValue(type)!, _ => true), Layers = parsed.GetValue(layers), Seed = parsed.GetValue(seed) };
            if (parsed.GetValue(threads) is { } count)
            {
                options = options with { Threads = InRange("--threads", count, MostThreads) };
            }

            var clock = Stopwatch.StartNew();
            using var progress = new ProgressLine(terminal, "writing");
            var result = SynthModel.Write(shape, options, parsed.GetValue(output)!, new Relay(progress), cancellation);
            progress.Dispose();
            foreach (var note in result.Notes)
            {
                terminal.Note($"note: {note}");
            }

            if (parsed.GetValue(json))
            {
                CliJson.Write(terminal.Out, new SynthJson(result.Files[0], result.Bytes, shape.Name, options.DType.ToString(), options.Seed, clock.Elapsed.TotalSeconds));
            }
            else
            {
                terminal.Out.WriteLine($"{result.Files[0]}: {shape.Name}, {options.DType}, {Sizes.Format(result.Bytes)}");
            }

            return Task.FromResult(0);
        });
        return command;
    }

    private static int InRange(string option, int value, int most) =>
        value >= 1 && value <= most
            ? value
            : throw new CommandFailedException($"{option}: expected 1..{most}, found {value}", CommandFailedException.WrongUsage);

    private sealed class Relay(ProgressLine line) : IProgress<SynthProgress>
    {
        public void Report(SynthProgress value) => line.Show(value.Written, value.Total);
    }
}
