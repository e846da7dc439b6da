using Crescent.Cli.Benchmarks;
using Crescent.Cli.Comparisons;

namespace Crescent.Cli.Charts;

/// <summary>
/// Growth curves of benchmark rows: a row of panels for each model, with speed over depth, over batch and over threads, as far as these were varied. A point is the
/// median of all rows that agree in everything; what differs between curves names them.
/// </summary>
internal static class GrowthChart
{
    private const string Speed = "tokens a second";

    private enum Axis
    {
        Depth,
        Batch,
        Threads,
    }

    public static IReadOnlyList<ChartRow> Rows(IReadOnlyList<BenchRow> rows) =>
    [
        .. rows.GroupBy(row => (row.Model, row.Architecture, row.Type, row.Cpu))
            .Select(model => new ChartRow(
                model.Key.Model,
                $"{model.Key.Architecture}, {model.Key.Type}, {Sizes.Format(model.First().ModelBytes)} on {model.Key.Cpu}",
                [.. Panels([.. model])]))
            .Where(row => row.Panels.Count > 0),
    ];

    private static IEnumerable<ChartPanel> Panels(BenchRow[] rows)
    {
        var (prefill, decode) = (rows.Where(row => row.Test == BenchTest.Prefill).ToArray(), rows.Where(row => row.Test == BenchTest.Decode).ToArray());
        return new[]
        {
            OverDepth("Prefill over depth", prefill),
            OverDepth("Decode over depth", [.. decode.Where(row => row.Batch == 1)]),
            OverBatch(decode),
            OverThreads(prefill, [.. decode.Where(row => row.Batch == 1)]),
        }.OfType<ChartPanel>();
    }

    private static ChartPanel? OverDepth(string title, BenchRow[] rows)
    {
        var series = Curves(rows, Axis.Depth);
        return series.Count > 0 ? new ChartPanel(title, "tokens in the cache", Speed, false, series) : null;
    }

    // Beside each curve, dashed, what the bytes of weights read allow: the speed of one sequence, times the batch, times the bytes of one over those of all.
    private static ChartPanel? OverBatch(BenchRow[] rows)
    {
        var shallowest = rows.GroupBy(row => row.Depth).OrderBy(depth => depth.Key).FirstOrDefault(depth => depth.DistinctBy(row => row.Batch).Count() > 1)?.ToArray() ?? [];
        var series = Curves(shallowest, Axis.Batch, (curve, color) =>
        {
            var bytes = curve.GroupBy(row => row.Batch).ToDictionary(group => group.Key, group => Spread.Of(group.Select(row => row.WeightBytesPerToken)).Median);
            var single = curve.Where(row => row.Batch == 1).Select(row => row.TokensPerSecond).ToArray();
            return single.Length == 0 ? null : new ChartSeries(
                color == 0 ? "as the bytes read allow" : "",
                color,
                [.. bytes.OrderBy(pair => pair.Key).Select(pair => At(pair.Key, Spread.Of(single).Median * bytes[1] / pair.Value))],
                IsReference: true);
        });
        return series.Count > 0 ? new ChartPanel("Decode over batch", "sequences", Speed, true, series) : null;
    }

    private static ChartPanel? OverThreads(BenchRow[] prefill, BenchRow[] decode)
    {
        var series = new List<ChartSeries>();
        foreach (var (name, rows) in new[] { (BenchTest.Prefill, Shallowest(prefill)), (BenchTest.Decode, Shallowest(decode)) })
        {
            foreach (var curve in Curves(rows, Axis.Threads))
            {
                var first = curve.Points[0];
                var points = curve.Points.Select(point => new ChartPoint(point.X, point.Y / first.Y, point.Min / first.Y, point.Max / first.Y));
                series.Add(new ChartSeries($"{name}{(curve.Label.Length > 0 ? $", {curve.Label}" : "")}", series.Count, [.. points]));
            }
        }

        if (series.Count == 0)
        {
            return null;
        }

        var threads = series.SelectMany(curve => curve.Points).Select(point => point.X).Distinct().Order().ToArray();
        series.Add(new ChartSeries("proportional", ChartSvg.Gray, [.. threads.Select(count => At(count, count / threads[0]))], IsReference: true));
        return new ChartPanel("Gain over threads", "threads", $"times {ChartScale.Text(threads[0])} thread{(threads[0] == 1 ? "" : "s")}", false, series);
    }

    // Curves of more than one point, one for each combination of everything but x.
    private static List<ChartSeries> Curves(BenchRow[] rows, Axis axis, Func<BenchRow[], int, ChartSeries?>? reference = null)
    {
        var curves = rows.GroupBy(row => KeyOf(row, axis)).Where(curve => curve.DistinctBy(row => X(row, axis)).Count() > 1).ToArray();
        var series = new List<ChartSeries>();
        for (var i = 0; i < curves.Length; i++)
        {
            var label = LabelOf(curves[i].Key, [.. curves.Select(curve => curve.Key)]);
            var points = curves[i].GroupBy(row => X(row, axis)).OrderBy(group => group.Key).Select(group =>
            {
                var speed = Spread.Of(group.Select(row => row.TokensPerSecond));
                return new ChartPoint(group.Key, speed.Median, speed.Min, speed.Max);
            });
            series.Add(new ChartSeries(label, i, [.. points]));
            if (reference?.Invoke([.. curves[i]], i) is { } bound)
            {
                series.Add(bound);
            }
        }

        return series;
    }

    // What may differ between two rows beside the speed, each with the axis that it is. How long an answer was read is no property of a curve: a prompt's length is.
    private static (Axis? Axis, string Text)[] Settings(BenchRow row) =>
    [
        (Axis.Threads, $"{row.Threads} thread{(row.Threads == 1 ? "" : "s")}"),
        (Axis.Depth, $"depth {ChartScale.Text(row.Depth)}"),
        (Axis.Batch, $"batch {row.Batch}"),
        (null, row.Test == BenchTest.Decode ? "" : $"{row.Tokens} tokens"),
        (null, $"steps of {row.Ubatch}"),
        (null, $"{row.KvType} cache"),
        (null, row.Isa),
        (null, ShortVersion(row.Version)),
    ];

    private static string KeyOf(BenchRow row, Axis axis) => string.Join('\n', Settings(row).Where(setting => setting.Axis != axis).Select(setting => setting.Text));

    private static int X(BenchRow row, Axis axis) => axis switch
    {
        Axis.Depth => row.Depth,
        Axis.Batch => row.Batch,
        _ => row.Threads,
    };

    private static string LabelOf(string key, string[] keys)
    {
        var all = keys.Select(other => other.Split('\n')).ToArray();
        return string.Join(", ", key.Split('\n').Where((value, i) => all.Any(other => other[i] != value)));
    }

    private static BenchRow[] Shallowest(BenchRow[] rows) => rows.Length == 0 ? rows : [.. rows.Where(row => row.Depth == rows.Min(other => other.Depth))];

    private static string ShortVersion(string version)
    {
        var plus = version.IndexOf('+');
        return plus < 0 ? version : version[..Math.Min(version.Length, plus + 9)];
    }

    private static ChartPoint At(double x, double y) => new(x, y, y, y);
}
