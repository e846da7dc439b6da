using Crescent.Engine.Experts;

namespace Crescent.Cli.Benchmarks;

/// <summary>One measurement.</summary>
/// <param name="WeightBytes">Bytes of weights that all its steps read.</param>
/// <param name="AllocatedBytes">Managed memory a token.</param>
/// <param name="DistinctExperts">Distinct experts a mixture layer and step; null where the model has no such layers.</param>
/// <param name="Streamed">What was read from the drive; null where all weights are in memory.</param>
internal sealed record BenchSample(int Tokens, double Seconds, long WeightBytes, long AllocatedBytes, double? DistinctExperts, ExpertCounts? Streamed)
{
    public double TokensPerSecond => Tokens / Seconds;

    public double BytesPerSecond => WeightBytes / Seconds;
}
