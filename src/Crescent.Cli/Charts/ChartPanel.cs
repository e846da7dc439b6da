namespace Crescent.Cli.Charts;

/// <summary>One small chart. Its x axis has a tick where something was measured.</summary>
/// <param name="XIsLogarithmic">For counts that double.</param>
internal sealed record ChartPanel(string Title, string XTitle, string YTitle, bool XIsLogarithmic, IReadOnlyList<ChartSeries> Series)
{
    /// <summary>Whether there are too many points to show each: curves are lines, ranges are bands, and the x axis has round ticks.</summary>
    public bool IsDense { get; init; }

    /// <summary>Where the y axis begins.</summary>
    public double Least { get; init; }

    /// <summary>Range of x; null for that of the points.</summary>
    public (double First, double Last)? Range { get; init; }

    /// <summary>Values of x where something new begins.</summary>
    public IReadOnlyList<double> Borders { get; init; } = [];

    public IEnumerable<ChartPoint> Points => Series.SelectMany(series => series.Points);
}
