using Crescent.Cli.Json;
using Crescent.Cli.Planning;
using Crescent.Engine.Models;
using Crescent.Engine.Planning;

namespace Crescent.Cli.Benchmarks;

/// <summary>What a drive and memory allow a model whose experts are read as they are needed.</summary>
/// <param name="DriveBytesPerSecond">Measured before the tests.</param>
internal sealed record StreamedLimits(ModelFootprint Model, double DriveBytesPerSecond)
{
    /// <summary>Measures the drive of a model's largest file; null where the drive cannot be measured.</summary>
    public static StreamedLimits? Measure(string path, ModelOptions options, Terminal terminal)
    {
        var planned = PlannedModel.Open(path, type: null, layers: null);
        return planned.DriveFile is { } file
            ? new StreamedLimits(ModelFootprint.Of(planned.Tensors, planned.ExpertsUsed, options.KvType, options.ResidentType), DriveMeasurement.Measure(file, terminal).BytesPerSecond)
            : null;
    }

    /// <summary>A report with the bound at the hit rate that a run had.</summary>
    /// <param name="memoryBytesPerSecond">That memory gives to reads.</param>
    public StreamingJson AddBound(StreamingJson streamed, double tokensPerSecond, double memoryBytesPerSecond)
    {
        var step = StreamingBound.Decode(Model.ExpertBytesPerToken, Model.ResidentBytes, streamed.HitRate, Model.MacsPerToken, new MachineRates(DriveBytesPerSecond, memoryBytesPerSecond));
        return streamed with { DriveMeasuredGBps = DriveBytesPerSecond / 1e9, BoundTokensPerSecond = 1 / step.Seconds, ShareOfBound = tokensPerSecond * step.Seconds };
    }
}
