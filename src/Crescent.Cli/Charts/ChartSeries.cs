namespace Crescent.Cli.Charts;

/// <summary>Points that belong together, ascending in x.</summary>
/// <param name="Color">Index into the palette.</param>
/// <param name="IsReference">Whether it is a bound to compare with, not a measurement.</param>
internal sealed record ChartSeries(string Label, int Color, IReadOnlyList<ChartPoint> Points, bool IsReference = false);
