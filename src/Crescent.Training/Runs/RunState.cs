using System.Runtime.InteropServices;
using System.Text.Json;
using Crescent.Engine.Checkpoints.Safetensors;
using Crescent.Kernels.Memory;
using Crescent.Training.Models;
using Crescent.Training.Optimizers;

namespace Crescent.Training.Runs;

/// <summary>A run's state in one safetensors file: master weights, what the optimizer remembers, biases, and the progress as metadata. A run that goes on from it gives the same bits.</summary>
public static class RunState
{
    public const string FileName = "state.safetensors";
    private const string ProgressKey = "progress";
    private const int Piece = 1 << 16;

    /// <summary>Writes the state in place of the one before; a process killed meanwhile leaves that one.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string folder, TrainingModel model, MuonClip optimizer, RunProgress progress)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(optimizer);
        var writer = new SafetensorsWriter().Set(ProgressKey, JsonSerializer.Serialize(progress, RunJson.Default.RunProgress));
        foreach (var (name, buffer) in Buffers(optimizer))
        {
            writer.AddTensor(name, SafetensorsType.F32, [buffer.Length], sink =>
            {
                for (var first = 0L; first < buffer.Length; first += Piece)
                {
                    sink(MemoryMarshal.AsBytes(buffer.Span(first, (int)Math.Min(Piece, buffer.Length - first))));
                }
            });
        }

        foreach (var (name, bias) in Biases(model))
        {
            writer.AddTensor(name, SafetensorsType.F32, [bias.Length], sink => sink(MemoryMarshal.AsBytes(bias.AsSpan())));
        }

        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, FileName);
        var next = Path.Combine(folder, $"next-{FileName}");
        writer.Write(next);
        File.Move(next, path, overwrite: true);
    }

    /// <summary>Reads the state back into model and optimizer.</summary>
    /// <exception cref="InvalidDataException">The file is of another model.</exception>
    public static RunProgress Read(string folder, TrainingModel model, MuonClip optimizer)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(optimizer);
        var path = Path.Combine(folder, FileName);
        using var file = SafetensorsFile.Open(path);
        var tensors = file.Tensors.ToDictionary(tensor => tensor.Name);
        foreach (var (name, buffer) in Buffers(optimizer))
        {
            Copy(Find(tensors, path, name, buffer.Length), buffer);
        }

        ReadBiases(tensors, path, model);
        var progress = file.Metadata.TryGetValue(ProgressKey, out var text) ? JsonSerializer.Deserialize(text, RunJson.Default.RunProgress) : null;
        progress = progress ?? throw new InvalidDataException($"{path}: expected the progress of a run in its metadata, found none");
        optimizer.Steps = progress.Step;
        model.RefreshRounded();
        return progress;
    }

    /// <summary>Reads weights and biases alone: the first ones of a run that continues another with other data.</summary>
    /// <exception cref="InvalidDataException">The file is of another model.</exception>
    public static void ReadWeights(string folder, TrainingModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var path = Path.Combine(folder, FileName);
        using var file = SafetensorsFile.Open(path);
        var tensors = file.Tensors.ToDictionary(tensor => tensor.Name);
        foreach (var parameter in model.Parameters)
        {
            Copy(Find(tensors, path, parameter.Name, parameter.Values.Length), parameter.Values);
        }

        ReadBiases(tensors, path, model);
    }

    private static void ReadBiases(Dictionary<string, SafetensorsTensor> tensors, string path, TrainingModel model)
    {
        foreach (var (name, bias) in Biases(model))
        {
            Find(tensors, path, name, bias.Length).Bytes.Span(0, bias.Length * sizeof(float)).CopyTo(MemoryMarshal.AsBytes(bias.AsSpan()));
        }
    }

    private static void Copy(SafetensorsTensor tensor, AlignedBuffer<float> buffer)
    {
        for (var first = 0L; first < buffer.Length; first += Piece)
        {
            var count = (int)Math.Min(Piece, buffer.Length - first);
            tensor.Bytes.Span(first * sizeof(float), count * sizeof(float)).CopyTo(MemoryMarshal.AsBytes(buffer.Span(first, count)));
        }
    }

    private static SafetensorsTensor Find(Dictionary<string, SafetensorsTensor> tensors, string path, string name, long length) =>
        tensors.TryGetValue(name, out var tensor) && tensor.Type == SafetensorsType.F32 && tensor.Count == length
            ? tensor
            : throw new InvalidDataException($"{path}: expected float32 tensor '{name}' of {length} values, found {(tensor is null ? "none" : $"{tensor.TypeName} of {tensor.Count}")}");

    private static IEnumerable<(string Name, AlignedBuffer<float> Buffer)> Buffers(MuonClip optimizer)
    {
        foreach (var state in optimizer.States)
        {
            yield return (state.Parameter.Name, state.Parameter.Values);
            yield return ($"{state.Parameter.Name}.first", state.First);
            if (state.Second is { } second)
            {
                yield return ($"{state.Parameter.Name}.second", second);
            }
        }
    }

    private static IEnumerable<(string Name, float[] Bias)> Biases(TrainingModel model) =>
        model.Layers.Select((layer, i) => ($"layer.{i}.router_bias", layer.RouterBias!)).Where(pair => pair.Item2 is not null);
}
