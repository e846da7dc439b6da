namespace Crescent.Cli.Charts;

/// <summary>A measured point: the median, and the range of the repeats.</summary>
internal sealed record ChartPoint(double X, double Y, double Min, double Max);
