using System.CommandLine;
using System.Globalization;
using Crescent.Cli.Json;
using Crescent.Cli.Options;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Checkpoints.Records;
using Crescent.Engine.Models;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Text.Templates;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent inspect</c>: what a checkpoint holds and how it would be run.</summary>
internal static class InspectCommand
{
    public static Command Create(Terminal terminal)
    {
        var model = new ModelOptionsArguments();
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var all = new Option<bool>("--tensors") { Description = "List every tensor and every metadata value." };
        var verify = new Option<bool>("--verify") { Description = "Read all expert records and check their hashes first." };
        var command = new Command("inspect", "Shows what a checkpoint holds and how it would be run.") { json, all, verify };
        model.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var path = model.PathOf(parsed, terminal);
            using var checkpoint = Checkpoint.Open(path);
            if (parsed.GetValue(verify))
            {
                Verify(checkpoint, terminal, cancellation);
            }

            var overrides = model.ReadOverrides(parsed);
            var metadata = overrides.Count > 0 ? checkpoint.Metadata.With(overrides) : checkpoint.Metadata;
            var facts = Gather(checkpoint, metadata, model.Read(parsed, terminal, maxBatchTokens: 1));
            if (parsed.GetValue(json))
            {
                CliJson.Write(terminal.Out, facts);
            }
            else
            {
                Print(terminal.Out, facts, parsed.GetValue(all));
            }

            return Task.FromResult(0);
        });
        return command;
    }

    private static void Verify(Checkpoint checkpoint, Terminal terminal, CancellationToken cancellation)
    {
        if (checkpoint is not RecordCheckpoint records)
        {
            throw new CommandFailedException($"--verify: {checkpoint.Path} has no expert records, and no hashes");
        }

        using var progress = new ProgressLine(terminal, "verifying");
        records.Verify(new Relay(progress, records.TotalBytes), cancellation);
    }

    private static InspectJson Gather(Checkpoint checkpoint, GgufMetadata metadata, ModelOptions options)
    {
        var tensors = checkpoint.Tensors.Values
            .Select(tensor => new InspectTensorJson(tensor.Name, tensor.DType.ToString(), tensor.Shape, tensor.StoredBytes, TensorRole.Of(tensor.Name)))
            .ToArray();
        var sampling = SamplingDefaults.For(metadata);
        var (shape, notes) = TryLoad(checkpoint, metadata, options);
        var context = shape is null ? 0 : Math.Min(shape.ContextLength, ModelSession.DefaultContext);
        return new InspectJson(
            checkpoint.Path,
            checkpoint.Files,
            checkpoint.TotalBytes,
            metadata.TryGetString("general.architecture", out var architecture) ? architecture : null,
            metadata.TryGetString("general.name", out var name) ? name : null,
            shape is not null,
            shape,
            Tally(tensors, tensor => tensor.Role),
            Tally(tensors, tensor => tensor.Type),
            new InspectResidentJson(tensors.Sum(tensor => tensor.Bytes), ((shape?.KvBytesPerToken ?? 0) * context) + (shape?.StateBytesPerSequence ?? 0), context),
            new InspectSamplingJson(
                sampling.Options.Temperature, sampling.Options.TopK, sampling.Options.TopP, sampling.Options.MinP, sampling.Options.RepetitionPenalty, sampling.Source),
            TemplateOf(checkpoint, metadata, architecture),
            notes,
            tensors,
            [.. metadata.Describe().Select(pair => new InspectMetadataJson(pair.Key, pair.Type, pair.Value))]);
    }

    // A file that cannot be run is still worth looking into: the reason becomes a note.
    private static (InspectShapeJson? Shape, IReadOnlyList<string> Notes) TryLoad(Checkpoint checkpoint, GgufMetadata metadata, ModelOptions options)
    {
        try
        {
            using var model = ModelLoader.Load(checkpoint, metadata, options, out var notes);
            var shape = model.Shape;
            return (new InspectShapeJson(shape.Layers, shape.Hidden, shape.Vocab, shape.ContextLength, model.CacheLayout.BytesPerToken, model.CacheLayout.StateBytes), notes);
        }
        catch (Exception exception) when (exception is CheckpointException or NotSupportedException)
        {
            return (null, [$"cannot be run: {exception.Message}"]);
        }
    }

    private static string? TemplateOf(Checkpoint checkpoint, GgufMetadata metadata, string? architecture)
    {
        try
        {
            _ = metadata.TryGetString("general.name", out var modelName);
            return TemplateFactory.Detect(architecture, checkpoint.ReadTokenizer(metadata), modelName).Name;
        }
        catch (Exception exception) when (exception is CheckpointException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    private static Dictionary<string, long> Tally(InspectTensorJson[] tensors, Func<InspectTensorJson, string> key) =>
        tensors.GroupBy(key).OrderByDescending(group => group.Sum(tensor => tensor.Bytes)).ToDictionary(group => group.Key, group => group.Sum(tensor => tensor.Bytes));

    private static void Print(TextWriter output, InspectJson facts, bool all)
    {
        output.WriteLine($"{facts.Name ?? facts.Path}");
        output.WriteLine($"  architecture   {facts.Architecture ?? "?"}{(facts.Supported ? "" : " (not supported)")}");
        output.WriteLine($"  files          {facts.Files.Count}, {Sizes.Format(facts.Bytes)}");
        if (facts.Shape is { } shape)
        {
            output.WriteLine($"  shape          {shape.Layers} layers, hidden {shape.Hidden}, vocabulary {shape.Vocab}, context {shape.ContextLength}");
            output.WriteLine($"  cache          {Sizes.Format(shape.KvBytesPerToken)} a token, {Sizes.Format(facts.Resident.KvBytesAtDefaultContext)} at {facts.Resident.DefaultContext} tokens{(shape.StateBytesPerSequence > 0 ? $", and a state of {Sizes.Format(shape.StateBytesPerSequence)} a sequence" : "")}");
        }

        output.WriteLine($"  bytes by role  {string.Join(", ", facts.BytesByRole.Select(pair => $"{pair.Key} {Sizes.Format(pair.Value)}"))}");
        output.WriteLine($"  bytes by type  {string.Join(", ", facts.BytesByType.Select(pair => $"{pair.Key} {Sizes.Format(pair.Value)}"))}");
        output.WriteLine($"  resident       {Sizes.Format(facts.Resident.MappedBytes)} mapped from the file (read as used), the cache as it grows");
        var sampling = facts.Sampling;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  sampling       temperature {sampling.Temperature}, top-k {sampling.TopK}, top-p {sampling.TopP}, min-p {sampling.MinP} (from {sampling.Source})"));
        output.WriteLine($"  template       {facts.Template ?? "unknown: name one with --template"}");
        foreach (var note in facts.Notes)
        {
            output.WriteLine($"  note           {note}");
        }

        output.WriteLine($"  tensors        {facts.Tensors.Count}{(all ? "" : " (--tensors lists them)")}");
        if (all)
        {
            foreach (var tensor in facts.Tensors)
            {
                output.WriteLine($"    {tensor.Name,-40} {tensor.Type,-8} {string.Join(" x ", tensor.Shape),-24} {Sizes.Format(tensor.Bytes)}");
            }

            output.WriteLine("  metadata");
            foreach (var pair in facts.Metadata)
            {
                output.WriteLine($"    {pair.Key} ({pair.Type}) = {pair.Value}");
            }
        }
    }

    private sealed class Relay(ProgressLine line, long total) : IProgress<long>
    {
        public void Report(long value) => line.Show(value, total);
    }
}
