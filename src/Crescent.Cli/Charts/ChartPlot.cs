namespace Crescent.Cli.Charts;

/// <summary>Where values of a panel lie, in pixels.</summary>
/// <param name="panel">Its points give the range of x.</param>
/// <param name="most">The value at the top; 0 is at the bottom.</param>
internal sealed class ChartPlot(ChartPanel panel, double left, double top, double width, double height, double most)
{
    private readonly double _first = Place(panel, panel.Points.Min(point => point.X));
    private readonly double _last = Place(panel, panel.Points.Max(point => point.X));

    public double Left => left;

    public double Right => left + width;

    public double Top => top;

    public double Bottom => top + height;

    public double X(double value) => left + ((Place(panel, value) - _first) / (_last - _first) * width);

    public double Y(double value) => top + height - (value / most * height);

    private static double Place(ChartPanel panel, double value) => panel.XIsLogarithmic ? Math.Log2(value) : value;
}
