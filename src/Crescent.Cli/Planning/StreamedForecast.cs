using Crescent.Cli.Benchmarks;
using Crescent.Cli.Json;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Models;
using Crescent.Engine.Planning;

namespace Crescent.Cli.Planning;

/// <summary>What a plan says of a run whose experts are read as they are needed.</summary>
internal sealed record StreamedForecast(ModelFootprint Model, MachineRates Rates)
{
    /// <summary>With the rate that the drive had when its reads were chosen; null where there is none, or the model is of a kind that no plan knows.</summary>
    public static StreamedForecast? Of(Checkpoint checkpoint, GgufMetadata metadata, LanguageModel model, ModelOptions options, double memoryBytesPerSecond) =>
        model.Streaming?.Experts.MeasuredBytesPerSecond is { } drive ? Of(checkpoint, metadata, options, new MachineRates(drive, memoryBytesPerSecond)) : null;

    /// <summary>With what a longer measurement of the drive finds: for measurements.</summary>
    public static StreamedForecast? Measure(ModelSession session, ModelOptions options, double memoryBytesPerSecond, Terminal terminal)
    {
        var file = session.Checkpoint.Files.MaxBy(file => new FileInfo(file).Length)!;
        return Of(session.Checkpoint, session.Metadata, options, new MachineRates(DriveMeasurement.Measure(file, terminal).BytesPerSecond, memoryBytesPerSecond));
    }

    /// <summary>Adds what was predicted to what was counted.</summary>
    public StreamingJson AddTo(StreamingJson streamed, StreamedRun run) => streamed with
    {
        DriveMeasuredGBps = Rates.DriveBytesPerSecond / 1e9,
        DecodeHitRate = run.HitRate,
        PredictedTokensPerSecond = run.ExpectedPerSecond(Model, Rates),
        BoundTokensPerSecond = run.BoundPerSecond(Model, Rates),
        ShareOfBound = run.ShareOfBound(Model, Rates),
    };

    private static StreamedForecast? Of(Checkpoint checkpoint, GgufMetadata metadata, ModelOptions options, MachineRates rates)
    {
        try
        {
            var used = PlannedModel.ExpertsUsedOf(metadata, checkpoint.Path);
            return new StreamedForecast(ModelFootprint.Of(PlannedTensor.Of(checkpoint), used, options.KvType, options.ResidentType), rates);
        }
        catch (NotSupportedException)
        {
            return null;
        }
    }
}
