using System.Globalization;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Kernels;

namespace Crescent.Engine.Synthesis;

/// <summary>Writes a model as GGUF.</summary>
internal static class GgufModel
{
    private const uint QuantizationVersion = 2;

    public static IReadOnlyList<SynthTensorLayout> Plan(SynthRequest request) =>
        [.. Tensors(request)
            .Select(tensor => new SynthTensorLayout(tensor.Name, tensor.DType, tensor.Shape, tensor.Shape[..^1].Aggregate(tensor.DType.Layout().RowBytes(tensor.Shape[^1]), (product, length) => product * length)))];

    public static SynthResult Write(
        SynthRequest request, string path, Func<string, long> freeBytes, IProgress<SynthProgress>? progress, CancellationToken cancellationToken)
    {
        var (shape, options) = (request.Shape, request.Options);
        SynthTensor[] tensors = [.. Tensors(request)];
        var writer = new GgufWriter();
        WriteGeneral(writer, request.Preset, request.Type, shape.Architecture);
        shape.WriteMetadata(writer, request.Layers, request.Vocabulary.Count);
        request.Vocabulary.Write(writer);
        foreach (var tensor in tensors)
        {
            writer.AddTensor(tensor.Name, tensor.DType, tensor.Shape, sink => tensor.Write(options.Seed, options.Threads, sink, cancellationToken));
        }

        var writerOptions = new GgufWriterOptions { SplitBytes = options.SplitBytes, FreeBytes = freeBytes };
        var files = writer.Write(path, writerOptions, SynthRequest.Relay(progress, writer.TensorBytes), cancellationToken);
        return new SynthResult(request.Type, files, files.Sum(file => new FileInfo(file).Length), Notes(tensors, request.Type));
    }

    private static IEnumerable<SynthTensor> Tensors(SynthRequest request) => request.Shape.Tensors(request.Type, request.Layers, request.Vocabulary.Count);

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

    private static string[] Notes(SynthTensor[] tensors, DType dtype) => dtype == DType.MXFP4
        ? ["MXFP4: the experts; all other matrices in Q8_0, as in published files"]
        : [.. tensors.Where(tensor => tensor.Role is SynthRole.Matrix or SynthRole.FourBitMatrix && tensor.DType != dtype)
            .GroupBy(tensor => (Name: tensor.Name[(tensor.Name.LastIndexOf('.', tensor.Name.LastIndexOf('.') - 1) + 1)..], Columns: tensor.Shape[^1], tensor.DType))
            .Select(group => string.Create(
                CultureInfo.InvariantCulture,
                $"{group.Key.Name}: rows of {group.Key.Columns} are not blocks of {dtype.Layout().BlockLength}: {group.Count()} tensors in {group.Key.DType} instead of {dtype}"))];
}
