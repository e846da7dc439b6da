namespace Crescent.Cli.Charts;

/// <summary>One small chart. Its y axis begins at 0; its x axis has a tick where something was measured.</summary>
/// <param name="XIsLogarithmic">For counts that double.</param>
internal sealed record ChartPanel(string Title, string XTitle, string YTitle, bool XIsLogarithmic, IReadOnlyList<ChartSeries> Series)
{
    public IEnumerable<ChartPoint> Points => Series.SelectMany(series => series.Points);
}
