namespace Crescent.Cli;

/// <summary>Numbers as a row of bars, the least the lowest and the largest the highest.</summary>
internal static class Sparkline
{
    private const string Bars = "▁▂▃▄▅▆▇█";

    public static string Draw(IReadOnlyCollection<double> values)
    {
        var (least, most) = (values.Where(double.IsFinite).DefaultIfEmpty(0).Min(), values.Where(double.IsFinite).DefaultIfEmpty(0).Max());
        return string.Concat(values.Select(value => !double.IsFinite(value) ? '!' : Bars[most > least ? (int)Math.Round((value - least) / (most - least) * (Bars.Length - 1), MidpointRounding.AwayFromZero) : 0]));
    }
}
