using System.Globalization;
using Crescent.Training.Runs;

namespace Crescent.Cli.Charts;

/// <summary>
/// Curves of a training run over its tokens, stages one after the other: losses, gradient, rate, attention logits, load of experts, speed. Steps that are closer together than a curve can
/// show are one point: their mean, and the range of their values as a band.
/// </summary>
internal static class RunChart
{
    private const string Tokens = "million tokens";
    private const int MostPoints = 115; // of a curve, two pixels each

    /// <param name="title">The run's name.</param>
    public static IReadOnlyList<ChartRow> Rows(string title, IReadOnlyList<RunLog> stages)
    {
        var steps = new List<RunPoint>();
        var (losses, borders, before) = (new List<(double X, string Source, double Loss)>(), new List<double>(), 0L);
        foreach (var stage in stages.Where(stage => stage.Steps.Count > 0))
        {
            steps.AddRange(stage.Steps.Select(step => new RunPoint((before + step.Tokens) / 1e6, step)));
            var tokens = stage.Steps.ToDictionary(step => step.Step, step => step.Tokens);
            losses.AddRange(stage.Evaluations.Where(evaluation => tokens.ContainsKey(evaluation.Step))
                .SelectMany(evaluation => evaluation.HeldOutLoss.Select(pair => ((before + tokens[evaluation.Step]) / 1e6, pair.Key, pair.Value))));
            before += stage.Steps[^1].Tokens;
            borders.Add(before / 1e6);
        }

        ChartPanel Whole(ChartPanel panel) => panel with { Range = (0, steps[^1].X), Borders = [.. borders.SkipLast(1)] };
        return steps.Count == 0 ? [] :
        [
            new ChartRow(title, Subtitle(steps), [.. Learning(steps, losses).Select(Whole)]),
            new ChartRow("Inside", "bands are ranges over heads, layers or neighbouring steps", [.. Inside(steps).Select(Whole)]),
        ];
    }

    private static IEnumerable<ChartPanel> Learning(List<RunPoint> steps, List<(double X, string Source, double Loss)> losses)
    {
        yield return Panel("Loss in training", "nats a token", [Curve("", 0, steps, step => step.Loss)]) with { Least = Floor(steps.Select(step => step.Log.Loss)) };
        if (losses.Count > 0)
        {
            var sources = losses.GroupBy(loss => loss.Source).Select((source, i) => new ChartSeries(source.Key, ColorOf(i), [.. source.Select(loss => At(loss.X, loss.Loss))]));
            yield return Panel("Loss on what is held out", "nats a token", [.. sources]) with { Least = Floor(losses.Select(loss => loss.Loss)) };
        }

        yield return Panel("Gradient norm", "norm before clipping", [Curve("", 1, steps, step => step.GradientNorm)]);
        yield return Panel("Learning rate", "thousandths", [Curve("", 3, steps, step => step.Rate * 1e3)]);
    }

    private static IEnumerable<ChartPanel> Inside(List<RunPoint> steps)
    {
        yield return Panel("Largest attention logit of a head", "logit", [Spread("median head, and all", 0, steps, step => step.LargestLogits.SelectMany(layer => layer)), Curve("largest head", 1, steps, step => step.LargestLogits.Max(layer => layer.Max()))]);
        if (steps[0].Log.ExpertLoad.Length > 0)
        {
            yield return Panel(
                "Load of experts",
                "times an even share",
                [Spread("busiest of a layer", 1, steps, step => step.ExpertLoad.Select(layer => layer.Max())), Spread("least busy of a layer", 2, steps, step => step.ExpertLoad.Select(layer => layer.Min()))]);
        }

        yield return Panel("Speed", "tokens a second", [Curve("", 2, steps, step => step.TokensPerSecond)]);
        yield return Panel("Arithmetic", "GFLOP/s", [Curve("", 4, steps, step => step.OperationsPerSecond / 1e9)]);
    }

    private static ChartPanel Panel(string title, string unit, IReadOnlyList<ChartSeries> series) => new(title, Tokens, unit, false, series) { IsDense = true };

    private static ChartSeries Curve(string label, int color, List<RunPoint> steps, Func<StepLog, double> value) =>
        Thin(label, color, steps, step => value(step) is var y && double.IsFinite(y) ? (y, y, y) : (0, 0, 0));

    // The median, and the range of all.
    private static ChartSeries Spread(string label, int color, List<RunPoint> steps, Func<StepLog, IEnumerable<float>> values) => Thin(label, color, steps, step =>
    {
        var sorted = values(step).Where(float.IsFinite).Order().ToArray();
        return sorted.Length == 0 ? (0, 0, 0) : (sorted[sorted.Length / 2], sorted[0], sorted[^1]);
    });

    private static ChartSeries Thin(string label, int color, List<RunPoint> steps, Func<StepLog, (double Y, double Min, double Max)> value) =>
        new(label, color, [.. steps.Chunk((steps.Count + MostPoints - 1) / MostPoints).Select(chunk =>
        {
            var values = chunk.Select(step => value(step.Log)).ToArray();
            return new ChartPoint(chunk.Average(step => step.X), values.Average(one => one.Y), values.Min(one => one.Min), values.Max(one => one.Max));
        })]);

    private static string Subtitle(List<RunPoint> steps) => string.Create(
        CultureInfo.InvariantCulture, $"{steps.Count} steps, {steps[^1].X:0.##} million tokens; loss of the last step {steps[^1].Log.Loss:0.###}");

    private static double Floor(IEnumerable<double> values) => Math.Max(0, Math.Floor(values.Min()));

    // Gray is for what belongs to no curve.
    private static int ColorOf(int series) => series < ChartSvg.Gray ? series : series + 1;

    private static ChartPoint At(double x, double y) => new(x, y, y, y);

    /// <param name="X">Million tokens since the first stage's beginning.</param>
    private sealed record RunPoint(double X, StepLog Log);
}
