using System.Globalization;
using Crescent.Cli.Benchmarks;

namespace Crescent.Cli.Comparisons;

/// <summary>Every run of a comparison as comma-separated values, a row a run and test; bench/README.md documents the columns.</summary>
internal static class ComparisonRows
{
    /// <summary>The columns, in the order of the file.</summary>
    public static readonly string[] Columns =
    [
        "time", "pair", "position", "engine", "version", "command", "cpu", "model", "model_bytes", "threads", "ubatch", "test", "tokens", "depth", "repeats",
        "tokens_per_second", "min", "max", "weight_bytes_per_token", "read_gb_per_second", "bandwidth_share",
    ];

    public static IEnumerable<string> Of(Comparison comparison) =>
        comparison.Runs
            .SelectMany(run => new[] { Row(comparison, run, BenchTest.Prefill, run.Figures.Prefill), Row(comparison, run, BenchTest.Decode, run.Figures.Decode) })
            .OfType<string>()
            .Prepend(Csv.Line(Columns));

    private static string? Row(Comparison comparison, ComparedRun run, string test, IReadOnlyList<double> samples)
    {
        if (samples.Count == 0)
        {
            return null;
        }

        var (engine, asked) = (run.IsOurs ? comparison.Ours : comparison.Peer, comparison.Case);
        var (speed, isDecode) = (Spread.Of(samples), test == BenchTest.Decode);
        return Csv.Line(
        [
            run.Time.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture), Text(run.Pair), Text(run.Position), engine.Name, ComparisonReport.VersionOf(engine, run.Figures),
            engine.Command(asked), Machine.ProcessorName(), BenchScene.ModelName(asked.Model), comparison.Model is { } model ? Text(model.Bytes) : "", Text(asked.Threads),
            Text(asked.Ubatch), test, Text(isDecode ? asked.DecodeTokens : asked.PromptTokens), Text(asked.Depth), Text(samples.Count),
            Text(speed.Median, "F4"), Text(speed.Min, "F4"), Text(speed.Max, "F4"), isDecode && comparison.BytesPerToken is { } bytes ? Text(bytes, "F0") : "",
            Text(run.Bandwidth(comparison.BytesPerToken) / 1e9, "F3"), isDecode && run.Share(comparison.BytesPerToken) is { } share ? Text(share, "F4") : "",
        ]);
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
