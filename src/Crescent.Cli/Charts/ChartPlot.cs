namespace Crescent.Cli.Charts;

/// <summary>Where values of a panel lie, in pixels.</summary>
/// <param name="panel">It or its points give the range of x.</param>
/// <param name="least">The value at the bottom.</param>
/// <param name="most">The value at the top.</param>
internal sealed class ChartPlot(ChartPanel panel, double left, double top, double width, double height, double least, double most)
{
    /// <summary>The least and the largest x.</summary>
    public (double First, double Last) Range { get; } = panel.Range ?? (panel.Points.Min(point => point.X), panel.Points.Max(point => point.X));

    public double Left => left;

    public double Right => left + width;

    public double Top => top;

    public double Bottom => top + height;

    public double X(double value) => left + ((Place(value) - Place(Range.First)) / (Range.Last > Range.First ? Place(Range.Last) - Place(Range.First) : 1) * width);

    public double Y(double value) => top + height - ((value - least) / (most - least) * height);

    private double Place(double value) => panel.XIsLogarithmic ? Math.Log2(value) : value;
}
