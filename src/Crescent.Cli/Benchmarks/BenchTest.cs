using Crescent.Cli.Json;
using Crescent.Engine.Models;

namespace Crescent.Cli.Benchmarks;

/// <summary>One test with its repeats, in the order they ran.</summary>
/// <param name="Tokens">Of the prompt, or of each sequence's answer.</param>
/// <param name="Streamed">What the repeat in the middle read from the drive; null where all weights are in memory.</param>
/// <param name="Profile">Where the last repeat's time went, if that was asked for.</param>
internal sealed record BenchTest(string Name, int Tokens, int Depth, int Batch, IReadOnlyList<BenchSample> Samples, StepProfile? Profile = null, StreamingJson? Streamed = null)
{
    public const string Prefill = "prefill";
    public const string Decode = "decode";

    /// <summary>The repeat in the middle; of two the slower.</summary>
    public BenchSample Median => MedianOf(Samples);

    /// <inheritdoc cref="Median"/>
    public static BenchSample MedianOf(IReadOnlyList<BenchSample> samples) => samples.OrderBy(sample => sample.TokensPerSecond).ElementAt((samples.Count - 1) / 2);

    public double WeightBytesPerToken => (double)Median.WeightBytes / Median.Tokens;
}
