using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using Crescent.Cli.Charts;
using Crescent.Tests.Support;
using Crescent.Training.Runs;
using Xunit;

namespace Crescent.Tests.Charts;

public sealed class RunChartTests
{
    private static readonly RunLog s_first = new([.. Enumerable.Range(1, 10).Select(i => Step(i, 10 - i))], [new EvaluationLog(5, new() { ["books"] = 4, ["tasks"] = 3 }), new EvaluationLog(10, new() { ["books"] = 3.5, ["tasks"] = 2 })]);
    private static readonly RunLog s_second = new([Step(1, 2), Step(2, 1.5)], [new EvaluationLog(2, new() { ["books"] = 3.2 })]);

    [Fact]
    public void Stages_follow_each_other_over_their_tokens()
    {
        var panels = RunChart.Rows("run", [s_first, s_second]).SelectMany(row => row.Panels).ToDictionary(panel => panel.Title);
        Assert.Equal(8, panels.Count);
        Assert.All(panels.Values, panel => Assert.Equal(10, Assert.Single(panel.Borders), 1e-9));
        Assert.All(panels.Values, panel => Assert.Equal((0.0, 12.0), panel.Range));
        Assert.Equal([.. Enumerable.Range(1, 12).Select(i => (double)i)], panels["Loss in training"].Points.Select(point => point.X));
        var books = panels["Loss on what is held out"].Series.Single(series => series.Label == "books").Points;
        Assert.Equal([(5.0, 4.0), (10.0, 3.5), (12.0, 3.2)], books.Select(point => (point.X, point.Y)));
        Assert.Equal(2, panels["Loss on what is held out"].Least);
        Assert.Equal(0.5, panels["Learning rate"].Points.First().Y, 1e-6);
        Assert.Equal(new ChartPoint(1, 3, 1, 4), panels["Largest attention logit of a head"].Series[0].Points[0]); // of 1, 2, 3, 4
        Assert.Equal(4, panels["Largest attention logit of a head"].Series[1].Points[0].Y);
        Assert.Equal([(1.5, 1.5, 1.5), (0.5, 0.5, 0.5)], panels["Load of experts"].Series.Select(series => series.Points[0]).Select(point => (point.Y, point.Min, point.Max)));
    }

    [Fact]
    public void Steps_too_close_to_show_are_a_mean_and_a_range()
    {
        var log = new RunLog([.. Enumerable.Range(1, 230).Select(i => Step(i, i % 2 == 0 ? 2 : 4))], []);
        var points = RunChart.Rows("run", [log])[0].Panels[0].Series[0].Points;
        Assert.Equal(115, points.Count);
        Assert.Equal(new ChartPoint(1.5, 3, 2, 4), points[0]);
    }

    [Fact]
    public void A_log_that_is_still_written_is_drawn_on_a_light_page()
    {
        using var folder = new TemporaryFolder();
        var lines = s_first.Steps.Select(step => JsonSerializer.Serialize(step, JsonSerializerOptions.Web)).Append("{\"step\":10,\"heldOutLoss\":{\"books\":3.5}}").ToArray();
        var log = folder.Write("log.jsonl", string.Join('\n', lines) + "\n{\"step\":11,\"lo");
        var json = InProcess.Run("chart", log, "-o", folder["run.svg"], "--json").Json;
        Assert.Equal((10, 8), (json.GetProperty("rows").GetInt32(), json.GetProperty("panels").GetInt32()));
        var svg = XDocument.Load(folder["run.svg"]);
        Assert.DoesNotContain("prefers-color-scheme", svg.ToString(), StringComparison.Ordinal);

        // The loss falls by one a step from 9 to 0: a straight line over the whole plot.
        var curve = svg.Descendants().First(element => element.Name.LocalName == "polyline").Attribute("points")!.Value.Split(' ')
            .Select(point => point.Split(',').Select(value => double.Parse(value, CultureInfo.InvariantCulture)).ToArray()).ToArray();
        Assert.Equal(10, curve.Length);
        Assert.All(Enumerable.Range(1, 8), i => Assert.Equal(curve[i + 1][1] - curve[i][1], curve[1][1] - curve[0][1], 0.021));

        InProcess.Run("chart", folder.Write("bad.jsonl", "{\"step\":\n" + lines[0] + "\n"), "-o", folder["b.svg"]).Failed(1, "line 1");
        InProcess.Run("chart", folder.Write("empty.jsonl", ""), "-o", folder["b.svg"]).Failed(1, "found none");
    }

    [Theory]
    [InlineData(2.1, 8.7, "2 4 6 8 10")]
    [InlineData(1, 5.9, "1 2 3 4 5 6")]
    [InlineData(3, 3, "0 1 2 3")]
    public void Axes_may_begin_above_zero(double least, double most, string ticks) =>
        Assert.Equal(ticks, string.Join(' ', ChartScale.Ticks(least, most).Select(tick => tick.ToString(CultureInfo.InvariantCulture))));

    // A million tokens a step.
    private static StepLog Step(int step, double loss) => new(step, step * 1_000_000L, loss, 1, 0.0005f, 1, 0, false, 1000, 1e9, [[1, 4], [3, 2]], [[0.5f, 1.5f, 1]]);
}
