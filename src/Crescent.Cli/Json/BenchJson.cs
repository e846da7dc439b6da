namespace Crescent.Cli.Json;

internal sealed record BenchJson(BenchMachineJson Machine, BenchModelJson Model, IReadOnlyList<BenchTestJson> Tests);

internal sealed record BenchMachineJson(string Cpu, string Isa, int Threads, double ReadGBps);

internal sealed record BenchModelJson(string Path, long Bytes, string Architecture, string Type);

internal sealed record BenchRangeJson(double Median, double Min, double Max);

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
    double? ExpertHitRate);
