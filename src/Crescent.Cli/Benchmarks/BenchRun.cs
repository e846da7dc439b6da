using Crescent.Cli.Json;
using Crescent.Cli.Planning;
using Crescent.Engine.Models;
using Crescent.Engine.Planning;

namespace Crescent.Cli.Benchmarks;

/// <summary>The tests of one thread count beside the bandwidth that these threads have.</summary>
/// <param name="forecast">What is expected of reading experts from the drive; null where all are in memory.</param>
/// <param name="probed">Bytes a second, measured before the tests.</param>
internal sealed class BenchRun(int threads, int ubatch, double probed, StreamedForecast? forecast = null)
{
    private readonly List<BenchTest> _tests = [];

    public int Threads { get; } = threads;

    public int Ubatch { get; } = ubatch;

    /// <summary>Bytes a second: what was measured before, or what a test has reached, whichever is more.</summary>
    public double Bandwidth { get; private set; } = probed;

    public void Add(BenchTest test)
    {
        _tests.Add(test);
        Bandwidth = Math.Max(Bandwidth, test.Samples.Max(sample => sample.BytesPerSecond));
    }

    public IEnumerable<BenchTestJson> ToJson() => _tests.Select(ToJson);

    private static IEnumerable<BenchPartJson> Parts(StepProfile profile, int tokens) =>
        Enum.GetValues<StepPart>().Where(part => profile[part].Time > TimeSpan.Zero).Select(part =>
        {
            var (time, bytes, multiplications) = profile[part];
            return new BenchPartJson(part.ToString(), time.TotalMilliseconds / tokens, bytes / time.TotalSeconds / 1e9, multiplications / time.TotalSeconds / 1e9);
        });

    private StreamingJson? Predict(BenchTest test)
    {
        if (forecast is null || test is not { Name: BenchTest.Decode, Batch: 1, Streamed: { } streamed, Median: { Streamed: { } counts } median })
        {
            return test.Streamed;
        }

        var run = new StreamedRun(median.Tokens, median.Seconds, counts.Used, counts.Hits, counts.BytesRead);
        return (forecast with { Rates = forecast.Rates with { MemoryBytesPerSecond = Bandwidth } }).AddTo(streamed, run);
    }

    private BenchTestJson ToJson(BenchTest test)
    {
        var median = test.Median;
        var single = test.Name == BenchTest.Decode
            ? _tests.Find(other => other is { Name: BenchTest.Decode, Batch: 1 } && other.Depth == test.Depth)
            : null;
        return new BenchTestJson(
            test.Name,
            test.Tokens,
            test.Depth,
            test.Batch,
            test.Samples.Count,
            new BenchRangeJson(median.TokensPerSecond, test.Samples.Min(sample => sample.TokensPerSecond), test.Samples.Max(sample => sample.TokensPerSecond)),
            (long)test.WeightBytesPerToken,
            median.BytesPerSecond / 1e9,
            median.BytesPerSecond / Bandwidth,
            test.Samples.Max(sample => sample.AllocatedBytes),
            median.DistinctExperts,
            test.Streamed?.HitRate,
            Predict(test),
            Threads,
            Ubatch,
            Bandwidth / 1e9,
            [.. test.Samples.Select(sample => sample.TokensPerSecond)],
            median.TokensPerSecond / single?.Median.TokensPerSecond,
            single?.WeightBytesPerToken / test.WeightBytesPerToken,
            test.Profile is { } profile ? [.. Parts(profile, test.Tokens * test.Batch)] : null);
    }
}
