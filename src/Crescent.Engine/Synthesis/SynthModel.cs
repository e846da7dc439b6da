using Crescent.Engine.Checkpoints;
using Crescent.Kernels;

namespace Crescent.Engine.Synthesis;

/// <summary>A tensor of a model that is to be written.</summary>
/// <param name="Shape">Row-major.</param>
public sealed record SynthTensorLayout(string Name, DType DType, IReadOnlyList<long> Shape, long Bytes);

/// <summary>What a synthesis wrote.</summary>
/// <param name="Type">The type of the matrices.</param>
/// <param name="Files">The files of weights, the first shard first.</param>
/// <param name="Bytes">Bytes of all files.</param>
/// <param name="Notes">What differs from what was asked for: tensors in another type.</param>
public sealed record SynthResult(DType Type, IReadOnlyList<string> Files, long Bytes, IReadOnlyList<string> Notes);

/// <summary>
/// Writes random models of real shapes. The same preset, options and seed give the same bytes, whatever the threads; the same preset, layers and seed
/// the same values in every format and type.
/// </summary>
public static class SynthModel
{
    /// <summary>The tensors that <see cref="Write"/> would make of GGUF, without making them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More layers than the model has.</exception>
    /// <exception cref="NotSupportedException">The type cannot hold the values exactly.</exception>
    public static IReadOnlyList<SynthTensorLayout> Plan(SynthPreset preset, SynthOptions options) => GgufModel.Plan(SynthRequest.Check(preset, options with { Format = SynthFormat.Gguf }));

    /// <param name="path">A file of GGUF; in the other formats a folder, which is made where there is none.</param>
    /// <exception cref="ArgumentOutOfRangeException">More layers than the model has.</exception>
    /// <exception cref="NotSupportedException">The model is not published in the format, or the type cannot hold the values exactly.</exception>
    /// <exception cref="IOException">The drive has too little room, a file cannot be written, or the folder holds other files.</exception>
    public static SynthResult Write(
        SynthPreset preset, SynthOptions options, string path, IProgress<SynthProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Write(preset, options, path, PartialFiles.FreeBytes, progress, cancellationToken);

    /// <param name="freeBytes">Free bytes of a folder's drive.</param>
    internal static SynthResult Write(
        SynthPreset preset, SynthOptions options, string path, Func<string, long> freeBytes, IProgress<SynthProgress>? progress, CancellationToken cancellationToken)
    {
        var request = SynthRequest.Check(preset, options);
        return options.Format switch
        {
            SynthFormat.Gguf => GgufModel.Write(request, path, freeBytes, progress, cancellationToken),
            SynthFormat.Safetensors => Published.SafetensorsModel.Write(request, path, freeBytes, progress, cancellationToken),
            _ => Published.GrokRelease.Write(request, path, freeBytes, progress, cancellationToken),
        };
    }
}
