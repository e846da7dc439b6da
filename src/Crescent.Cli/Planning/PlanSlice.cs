using Crescent.Engine.Planning;
using Crescent.Engine.Synthesis;
using Crescent.Kernels;
using Crescent.Kernels.Attention;

namespace Crescent.Cli.Planning;

/// <summary>The first layers of a preset, random but of the true shape, that stand for all of them.</summary>
/// <param name="Bytes">Of its tensors.</param>
internal sealed record PlanSlice(SynthPreset Preset, DType Type, int Layers, ModelFootprint Model, long Bytes)
{
    private const int ExpertLayers = 2; // one that computes, one that is read
    private const long SpareBytes = 256 << 20; // tokenizer, metadata, and what else writes to the drive

    /// <param name="planned">Layers that the plan is for; null for all.</param>
    /// <param name="layers">Layers of the slice; null for the dense ones with two of experts.</param>
    /// <exception cref="CommandFailedException">The preset has no experts, or too few layers.</exception>
    public static PlanSlice Choose(string option, SynthPreset preset, DType type, int? planned, int? layers, KvType kvType, DType? residentType)
    {
        var whole = ModelFootprint.Of(PlannedTensor.Of(preset, type, planned), preset.ExpertsUsed, kvType, residentType);
        if (whole.ExpertLayers.Count == 0)
        {
            throw new CommandFailedException($"{option}: '{preset.Name}' has no experts that could be read as they are needed", CommandFailedException.WrongUsage);
        }

        var (first, most) = (whole.ExpertLayers[0].Layer + 1, whole.ExpertLayers[^1].Layer + 1);
        var count = layers ?? Math.Min(most, first - 1 + ExpertLayers);
        if (count < first || count > most)
        {
            throw new CommandFailedException($"{option}: expected {first}..{most} layers, so that one has experts, found {count}", CommandFailedException.WrongUsage);
        }

        var tensors = PlannedTensor.Of(preset, type, count);
        return new PlanSlice(preset, type, count, ModelFootprint.Of(tensors, preset.ExpertsUsed, kvType, residentType), tensors.Sum(tensor => tensor.Bytes));
    }

    /// <summary>Writes it.</summary>
    /// <returns>The path to open, and the largest file.</returns>
    /// <exception cref="CommandFailedException">The drive has too little room.</exception>
    public (string Path, string LargestFile) Write(WorkFolder folder, Terminal terminal, CancellationToken cancellation)
    {
        if (folder.FreeBytes - SpareBytes < Bytes)
        {
            throw new CommandFailedException(
                $"--measure: {Layers} layers of {Preset.Name} take {PlanText.Gb(Bytes)}, the drive of {folder.Parent} has {PlanText.Gb(folder.FreeBytes)} free: expected another --work-folder, or fewer --measure-layers");
        }

        var options = new SynthOptions { Format = Format, DType = Type, Layers = Layers };
        var path = folder[Format == SynthFormat.Gguf ? "slice.gguf" : "slice"];
        using var progress = new ProgressLine(terminal, $"writing {Layers} layers");
        var result = SynthModel.Write(Preset, options, path, new Relay(progress), cancellation);
        foreach (var file in result.Files)
        {
            // What the system still has to write would compete with what is measured.
            using var written = new FileStream(file, FileMode.Open, FileAccess.Write);
            written.Flush(flushToDisk: true);
        }

        return (path, result.Files.MaxBy(file => new FileInfo(file).Length)!);
    }

    // Types of releases have no place in GGUF.
    private SynthFormat Format => !Type.HasSplitScales() ? SynthFormat.Gguf : Type == DType.INT8_KN ? SynthFormat.Grok : SynthFormat.Safetensors;

    private sealed class Relay(ProgressLine line) : IProgress<SynthProgress>
    {
        public void Report(SynthProgress value) => line.Show(value.Written, value.Total);
    }
}
