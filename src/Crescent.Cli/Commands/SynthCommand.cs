using System.CommandLine;
using System.Diagnostics;
using Crescent.Cli.Json;
using Crescent.Engine.Synthesis;
using Crescent.Kernels;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent synth</c>: a random model of a real shape, to measure a machine before downloading the real one.</summary>
internal static class SynthCommand
{
    public static Command Create(Terminal terminal)
    {
        var preset = new Argument<string>("PRESET") { Description = $"One of: {string.Join(", ", SynthPreset.Names)}." };
        var output = new Argument<string>("OUT") { Description = "The file to write." };
        var type = new Option<string>("--type") { Description = "Type of every matrix (q4_0).", DefaultValueFactory = _ => "q4_0" };
        var layers = new Option<int?>("--layers") { Description = "Only the first N layers." };
        var seed = new Option<ulong>("--seed") { Description = "Seed of the values (0)." };
        var threads = new Option<int>("--threads", "-t") { Description = "Threads that compute (default: one a processor)." };
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var command = new Command("synth", "Writes a random model of a real shape as a GGUF file.") { preset, output, type, layers, seed, threads, json };
        command.SetAction((parsed, cancellation) =>
        {
            if (!SynthPreset.TryGet(parsed.GetValue(preset)!, out var shape))
            {
                throw new CommandFailedException(
                    $"unknown preset '{parsed.GetValue(preset)}'; expected one of {string.Join(", ", SynthPreset.Names)}", CommandFailedException.WrongUsage);
            }

            var options = new SynthOptions { DType = ReadType(parsed.GetValue(type)!), Layers = parsed.GetValue(layers), Seed = parsed.GetValue(seed) };
            if (parsed.GetValue(threads) > 0)
            {
                options = options with { Threads = parsed.GetValue(threads) };
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

    private static DType ReadType(string name)
    {
        foreach (var layout in DTypes.All)
        {
            if (string.Equals(layout.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                return layout.DType;
            }
        }

        throw new CommandFailedException($"--type: expected a tensor type such as q4_0, q8_0, q4_k, bf16 or f32, found '{name}'", CommandFailedException.WrongUsage);
    }

    private sealed class Relay(ProgressLine line) : IProgress<SynthProgress>
    {
        public void Report(SynthProgress value) => line.Show(value.Written, value.Total);
    }
}
