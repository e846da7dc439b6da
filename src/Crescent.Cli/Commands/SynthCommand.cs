using System.CommandLine;
using System.Diagnostics;
using Crescent.Cli.Json;
using Crescent.Cli.Options;
using Crescent.Engine.Synthesis;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent synth</c>: a random model of a real shape, to measure a machine before downloading the real one.</summary>
internal static class SynthCommand
{
    private const int MostThreads = 1024;

    private static readonly Dictionary<string, SynthFormat> s_formats = Enum.GetValues<SynthFormat>().ToDictionary(format => format.ToString().ToLowerInvariant());

    public static Command Create(Terminal terminal)
    {
        var preset = new Argument<string>("PRESET") { Description = $"One of: {string.Join(", ", SynthPreset.Names)}." };
        var output = new Argument<string>("OUT") { Description = "The file to write; for safetensors and grok a new or empty folder." };
        var format = Values.Choice("--format", "gguf", "Form of the model: a GGUF file, or a folder as it was published (gguf).", [.. s_formats.Keys]);
        var type = Values.Text("--type", "Type of every matrix (gguf: q4_0; else the one of the release): f32, f16, bf16, a GGUF type, fp8, int4, mxfp4.");
        var layers = Values.Number<int>("--layers", "Only the first N layers.");
        var seed = Values.Number("--seed", 0UL, "Seed of the values");
        var threads = Values.Number<int>("--threads", "Threads that compute (default: one a processor).", "-t");
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var command = new Command("synth", "Writes a random model of a real shape.") { preset, output, format, type, layers, seed, threads, json };
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

            var options = new SynthOptions
            {
                Format = s_formats[parsed.GetValue(format)!],
                DType = parsed.GetValue(type) is { } name ? SynthTypes.Parse(type.Name, name) : null,
                Layers = parsed.GetValue(layers),
                Seed = parsed.GetValue(seed),
            };
            if (parsed.GetValue(threads) is { } count)
            {
                options = options with { Threads = InRange("--threads", count, MostThreads) };
            }

            var path = parsed.GetValue(output)!;
            var clock = Stopwatch.StartNew();
            using var progress = new ProgressLine(terminal, "writing");
            var result = SynthModel.Write(shape, options, path, new Relay(progress), cancellation);
            progress.Dispose();
            foreach (var note in result.Notes)
            {
                terminal.Note($"note: {note}");
            }

            var written = options.Format == SynthFormat.Gguf ? result.Files[0] : path;
            if (parsed.GetValue(json))
            {
                CliJson.Write(terminal.Out, new SynthJson(written, result.Bytes, shape.Name, result.Type.ToString(), options.Seed, clock.Elapsed.TotalSeconds));
            }
            else
            {
                terminal.Out.WriteLine($"{written}: {shape.Name}, {result.Type}, {Sizes.Format(result.Bytes)}");
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
