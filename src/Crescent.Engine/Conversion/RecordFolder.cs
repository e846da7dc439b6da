using System.Globalization;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Records;

namespace Crescent.Engine.Conversion;

/// <summary>A folder of expert records: the backbone in GGUF, then the records.</summary>
internal static class RecordFolder
{
    /// <exception cref="CheckpointException">The model has no routed experts.</exception>
    public static IReadOnlyList<OutputFile> Files(
        Checkpoint checkpoint, string folder, ConversionOptions options, bool isGguf, IReadOnlyList<TargetTensor> tensors, IReadOnlyList<ExpertLayer> experts)
    {
        if (experts.Count == 0)
        {
            throw new CheckpointException($"{checkpoint.Path}: expected a mixture of experts (blk.N.ffn_gate_exps.weight, ffn_up_exps, ffn_down_exps), found none: records hold nothing else");
        }

        var headers = RecordOutput.Headers(experts, options.SplitBytes);
        var writer = GgufOutput.Writer(checkpoint, options, isGguf, tensors);
        writer.Set(RecordFormat.FilesKey, (uint)headers.Count);
        var path = Path.Combine(folder, RecordFormat.BackboneName);
        var set = RecordOutput.SetOf(headers, writer.Layout(path, null)[0].Header);
        writer.Set(RecordFormat.SetKey, set.ToString("x16", CultureInfo.InvariantCulture));
        return
        [
            .. GgufOutput.Files(writer, path, tensors, options.Threads, splitBytes: null),
            .. headers.Select(header => RecordOutput.File(folder, header with { Set = set }, experts, options.Threads)),
        ];
    }
}
