using System.Globalization;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Kernels;

namespace Crescent.Engine.Synthesis;

/// <summary>A tensor of a model that is to be written.</summary>
/// <param name="Shape">Row-major.</param>
public sealed record SynthTensorLayout(string Name, DType DType, IReadOnlyList<long> Shape, long Bytes);

/// <summary>What a synthesis wrote.</summary>
/// <param name="Files">The first shard first.</param>
/// <param name="Bytes">Bytes of all files.</param>
/// <param name="Notes">What differs from what was asked for: tensors in another type.</param>
public sealed record SynthResult(IReadOnlyList<string> Files, long Bytes, IReadOnlyList<string> Notes);

/// <summary>Writes random models of real shapes as GGUF. The same preset, options and seed give the same bytes, whatever the threads.</summary>
public static class SynthModel
{
    private const uint QuantizationVersion = 2;

    /// <summary>The tensors that <see cref="Write"/> would make, without making them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More layers than the model has.</exception>
    /// <exception cref="NotSupportedException">The type cannot hold the values exactly.</exception>
    public static IReadOnlyList<SynthTensorLayout> Plan(SynthPreset preset, SynthOptions options) =>
        [.. Tensors(preset, options, preset.Shape.Vocabulary().Count)
            .Select(tensor => new SynthTensorLayout(tensor.Name, tensor.DType, tensor.Shape, tensor.Shape[..^1].Aggregate(tensor.DType.Layout().RowBytes(tensor.Shape[^1]), (product, length) => product * length)))];

    /// <inheritdoc cref="Plan"/>
    /// <exception cref="IOException">The drive has too little room, or a file cannot be written.</exception>
    public static SynthResult Write(
        SynthPreset preset, SynthOptions options, string path, IProgress<SynthProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Write(preset, options, path, new GgufWriterOptions { SplitBytes = options.SplitBytes }, progress, cancellationToken);

    internal static SynthResult Write(
        SynthPreset preset, SynthOptions options, string path, GgufWriterOptions writerOptions, IProgress<SynthProgress>? progress, CancellationToken cancellationToken)
    {
        var shape = preset.Shape;
        var vocabulary = shape.Vocabulary();
        var tensors = Tensors(preset, options, vocabulary.Count);
        var writer = new GgufWriter();
        WriteGeneral(writer, preset, options.DType, shape.Architecture);
        shape.WriteMetadata(writer, options.Layers ?? shape.Layers, vocabulary.Count);
        vocabulary.Write(writer);
        foreach (var tensor in tensors)
        {
            writer.AddTensor(tensor.Name, tensor.DType, tensor.Shape, sink => tensor.Write(options.Seed, options.Threads, sink, cancellationToken));
        }

        var total = writer.TensorBytes;
        var bytes = progress is null ? null : new Reporter(written => progress.Report(new SynthProgress(written, total)));
        var files = writer.Write(path, writerOptions, bytes, cancellationToken);
        return new SynthResult(files, files.Sum(file => new FileInfo(file).Length), Notes(tensors, options.DType));
    }

    private static List<SynthTensor> Tensors(SynthPreset preset, SynthOptions options, int vocab)
    {
        var shape = preset.Shape;
        if (!shape.Formats.Contains(options.DType))
        {
            throw new NotSupportedException($"synth in {options.DType}: expected a type that holds the values exactly, one of {string.Join(", ", shape.Formats)}");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 1);
        var layers = options.Layers ?? shape.Layers;
        if (layers < 1 || layers > shape.Layers)
        {
            throw new ArgumentOutOfRangeException(nameof(options), $"{preset.Name} layers: expected 1..{shape.Layers}, found {layers}");
        }

        return [.. shape.Tensors(options.DType, layers, vocab)];
    }

    private static void WriteGeneral(GgufWriter writer, SynthPreset preset, DType dtype, string architecture) => writer
        .Set("general.architecture", architecture)
        .Set("general.type", "model")
        .Set("general.name", preset.Title)
        .Set("general.description", "Random weights in a real shape, written by crescent synth")
        .Set("general.file_type", FileType(dtype))
        .Set("general.quantization_version", QuantizationVersion);

    // llama.h, enum llama_ftype.
    private static uint FileType(DType dtype) => dtype switch
    {
        DType.F32 => 0,
        DType.F16 => 1,
        DType.Q4_0 => 2,
        DType.Q4_1 => 3,
        DType.Q8_0 => 7,
        DType.Q5_0 => 8,
        DType.Q5_1 => 9,
        DType.Q4_K => 14,
        DType.Q5_K => 16,
        DType.Q6_K => 18,
        DType.MXFP4 => 38,
        _ => 32, // BF16
    };

    private static string[] Notes(List<SynthTensor> tensors, DType dtype) => dtype == DType.MXFP4
        ? ["MXFP4: the experts; all other matrices in Q8_0, as in published files"]
        : [.. tensors.Where(tensor => tensor.Role is SynthRole.Matrix or SynthRole.FourBitMatrix && tensor.DType != dtype)
            .GroupBy(tensor => (Name: tensor.Name[(tensor.Name.LastIndexOf('.', tensor.Name.LastIndexOf('.') - 1) + 1)..], Columns: tensor.Shape[^1], tensor.DType))
            .Select(group => string.Create(
                CultureInfo.InvariantCulture,
                $"{group.Key.Name}: rows of {group.Key.Columns} are not blocks of {dtype.Layout().BlockLength}: {group.Count()} tensors in {group.Key.DType} instead of {dtype}"))];

    // Progress<T> would post to another thread, out of order.
    private sealed class Reporter(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}
