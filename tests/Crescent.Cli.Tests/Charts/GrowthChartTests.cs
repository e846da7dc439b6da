using Crescent.Cli.Benchmarks;
using Crescent.Cli.Charts;
using Crescent.Tests.Benchmarks;
using Xunit;

namespace Crescent.Tests.Charts;

public sealed class GrowthChartTests
{
    [Fact]
    public void A_point_is_the_median_of_its_repeats_with_their_range()
    {
        var panel = Assert.Single(Panels(
            BenchRows.Row("prefill", 50), BenchRows.Row("prefill", 70), BenchRows.Row("prefill", 65), BenchRows.Row("prefill", 30, depth: 4096)));
        Assert.Equal(("Prefill over depth", "tokens in the cache", "tokens a second"), (panel.Title, panel.XTitle, panel.YTitle));
        var series = Assert.Single(panel.Series);
        Assert.Equal("", series.Label);
        Assert.Equal([new ChartPoint(0, 65, 50, 70), new ChartPoint(4096, 30, 30, 30)], series.Points);
    }

    [Fact]
    public void Curves_are_named_by_what_differs()
    {
        BenchRow[] rows = [BenchRows.Row("decode", 8, threads: 1), BenchRows.Row("decode", 6, depth: 4096, threads: 1), BenchRows.Row("decode", 14), BenchRows.Row("decode", 12, depth: 4096)];
        var panels = Panels([.. rows, .. rows.Select(row => row with { Version = "0.2.0+0123456789", TokensPerSecond = row.TokensPerSecond * 2 })]);
        Assert.Equal(["Decode over depth", "Gain over threads"], panels.Select(panel => panel.Title));
        Assert.Equal(
            ["1 thread, 0.1.0+abc", "2 threads, 0.1.0+abc", "1 thread, 0.2.0+01234567", "2 threads, 0.2.0+01234567"], panels[0].Series.Select(series => series.Label));
    }

    [Fact]
    public void Answers_of_different_lengths_are_one_curve_and_prompts_are_not()
    {
        static int Curves(string test) =>
            Panels(BenchRows.Row(test, 50), BenchRows.Row(test, 40, depth: 4096), BenchRows.Row(test, 30, depth: 16384) with { Tokens = 7 }, BenchRows.Row(test, 50) with { Tokens = 7 })
                .Sum(panel => panel.Series.Sum(series => series.Points.Count * 10) + panel.Series.Count);
        Assert.Equal(31, Curves("decode"));
        Assert.Equal(42, Curves("prefill"));
    }

    [Fact]
    public void A_batch_stands_beside_what_its_bytes_allow()
    {
        var panel = Assert.Single(Panels(
            BenchRows.Row("decode", 10), BenchRows.Row("decode", 25, batch: 4) with { WeightBytesPerToken = BenchRows.Row("decode", 1).WeightBytesPerToken / 3 }));
        Assert.True(panel.XIsLogarithmic);
        Assert.Equal([("", false), ("as the bytes read allow", true)], panel.Series.Select(series => (series.Label, series.IsReference)));
        Assert.Equal([10.0, 25], panel.Series[0].Points.Select(point => point.Y));
        Assert.Equal([10.0, 30], panel.Series[1].Points.Select(point => point.Y));
    }

    [Fact]
    public void Threads_gain_over_the_fewest()
    {
        var panel = Assert.Single(Panels(
            BenchRows.Row("prefill", 40, threads: 1), BenchRows.Row("prefill", 70), BenchRows.Row("decode", 10, threads: 1), BenchRows.Row("decode", 13)));
        Assert.Equal(["prefill", "decode", "proportional"], panel.Series.Select(series => series.Label));
        Assert.Equal([1.75, 1.3, 2], panel.Series.Select(series => series.Points[^1].Y));
        Assert.Equal("times 1 thread", panel.YTitle);
    }

    [Fact]
    public void Every_model_has_a_row_and_one_without_curves_none()
    {
        BenchRow[] rows = [BenchRows.Row("decode", 8), BenchRows.Row("decode", 6, depth: 4096)];
        var charts = GrowthChart.Rows([.. rows, .. rows.Select(row => row with { Model = "other.gguf" }), rows[0] with { Model = "lone.gguf" }]);
        Assert.Equal(["moonlight.gguf", "other.gguf"], charts.Select(chart => chart.Title));
        Assert.Equal("deepseek2, Q4_0, 8.4 GiB on Some CPU", charts[0].Subtitle);
    }

    private static IReadOnlyList<ChartPanel> Panels(params BenchRow[] rows) => Assert.Single(GrowthChart.Rows(rows)).Panels;
}
