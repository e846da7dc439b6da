namespace Crescent.Cli.Json;

/// <param name="Lossy">What of it is lossy; null where it is exact.</param>
internal sealed record BenchJson(BenchMachineJson Machine, BenchModelJson Model, IReadOnlyList<BenchTestJson> Tests, LossyJson? Lossy);

/// <summary>Threads and bandwidth are those of the last thread count.</summary>
internal sealed record BenchMachineJson(string Cpu, string Isa, int Threads, double ReadGBps);

internal sealed record BenchModelJson(string Path, long Bytes, string Architecture, string Type);

internal sealed record BenchRangeJson(double Median, double Min, double Max);

/// <param name="Samples">Tokens a second of each repeat, in the order they ran.</param>
/// <param name="BatchGain">Tokens a second over those of batch 1; null where batch 1 was not measured.</param>
/// <param name="Parts">Where the last repeat's time went; null unless asked for.</param>
/// <param name="BatchGainAllowed">What the weights read allow: bytes read at batch 1, times the batch, over bytes read in the batch's step.</param>
internal sealed record BenchTestJson(
    string Test,
    int Tokens,
    int Depth,
    int Batch,
    int Repeats,
    BenchRangeJson TokensPerSecond,
    long WeightBytesPerToken,
    double GbPerSecond,
    double BandwidthShare,
    long AllocatedBytesPerToken,
    double? DistinctExpertsPerLayer,
    double? ExpertHitRate,
    StreamingJson? Streaming,
    int Threads,
    int Ubatch,
    double ReadGBps,
    IReadOnlyList<double> Samples,
    double? BatchGain,
    double? BatchGainAllowed,
    IReadOnlyList<BenchPartJson>? Parts);

/// <summary>Experts that were read from the drive.</summary>
/// <param name="HitRate">Share of the experts asked for that were in memory since an earlier use.</param>
/// <param name="DriveGBps">Bytes read over the time with a read in flight.</param>
/// <param name="WaitedMsPerToken">With nothing to compute for want of an expert.</param>
/// <param name="AheadUsed">Share of the experts read ahead of need that were used; null where none was.</param>
/// <param name="Slots">Experts that memory has room for, of <paramref name="Experts"/>.</param>
internal sealed record StreamingJson(
    double HitRate, long DriveBytesPerToken, double DriveGBps, double DriveBusyShare, double WaitedMsPerToken, double? AheadUsed, int Slots, int Experts, long MemoryLimit, long ResidentBytes)
{
    /// <summary>Share of the experts used that were copies of low precision; null where there are none.</summary>
    public double? CopiesUsed { get; init; }

    /// <summary>What the drive gave when it was measured before; null where that was not measured.</summary>
    public double? DriveMeasuredGBps { get; init; }

    /// <summary>The hit rate of generated tokens alone, which the predictions below are for; null where there are none.</summary>
    public double? DecodeHitRate { get; init; }

    /// <summary>What to expect at this hit rate (crescent plan), to be put beside what was reached; null but for decoding one sequence.</summary>
    public double? PredictedTokensPerSecond { get; init; }

    /// <summary>What drive and memory allow at this hit rate (crescent plan); null but for decoding one sequence.</summary>
    public double? BoundTokensPerSecond { get; init; }

    /// <summary>Of that, what was reached.</summary>
    public double? ShareOfBound { get; init; }
}

/// <summary>A part of the last repeat's steps.</summary>
/// <param name="GbPerSecond">Weights read.</param>
/// <param name="GmacPerSecond">Products, in 10⁹ multiplications with additions.</param>
internal sealed record BenchPartJson(string Part, double MillisecondsPerToken, double GbPerSecond, double GmacPerSecond);
