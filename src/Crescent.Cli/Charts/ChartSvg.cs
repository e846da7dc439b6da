using System.Globalization;
using System.Net;
using System.Text;

namespace Crescent.Cli.Charts;

/// <summary>
/// Draws rows of panels as one SVG document: its own background, so it can be read on any page, and if wanted a second set of colours for who prefers dark. Lengths are
/// pixels. Nothing in it depends on time or machine.
/// </summary>
internal sealed class ChartSvg
{
    /// <summary>The palette's colour for what belongs to no curve.</summary>
    public const int Gray = 5;

    private const double Left = 54; // of a panel's plot, room for ticks and the axis' title
    private const double PlotWidth = 230;
    private const double PlotHeight = 160;
    private const double PanelWidth = Left + PlotWidth + 26;
    private const double Below = 42; // ticks and the axis' title under a plot
    private const double LegendLine = 15;
    private const double Margin = 14;
    private const double LeastTickDistance = 22;
    private const int Colors = 10;
    private const int MostDots = 30; // of a curve whose points are shown though they are dense
    private const int MostLegendLines = 4; // of a single column

    private const string Style =
        """
          text { font: 11px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #3d4450 }
          .title { font-size: 14px; font-weight: 600; fill: #14181f }
          .panel { font-size: 12px; font-weight: 600; fill: #14181f }
          .back { fill: #ffffff; stroke: #d5d9e0 }
          .grid { stroke: #e3e6eb }
          .axis { stroke: #8a92a0 }
          .line { fill: none; stroke-width: 2; stroke-linejoin: round }
          .bound { stroke-dasharray: 4 4; stroke-width: 1.5 }
          .range { stroke-width: 1.5 }
          .c0 { stroke: #1f62c4; fill: #1f62c4 } .c1 { stroke: #c2440e; fill: #c2440e } .c2 { stroke: #15803d; fill: #15803d }
          .c3 { stroke: #7e22ce; fill: #7e22ce } .c4 { stroke: #8a6d00; fill: #8a6d00 } .c5 { stroke: #5b6472; fill: #5b6472 }
          .c6 { stroke: #0e7490; fill: #0e7490 } .c7 { stroke: #be185d; fill: #be185d } .c8 { stroke: #7c4a1e; fill: #7c4a1e } .c9 { stroke: #4d7c0f; fill: #4d7c0f }
          polyline.line { fill: none }
          .band { stroke: none; fill-opacity: 0.18 }

        """;

    private const string DarkStyle =
        """
          @media (prefers-color-scheme: dark) {
            text { fill: #b8c0cc }
            .title, .panel { fill: #eef1f5 }
            .back { fill: #14181f; stroke: #333a45 }
            .grid { stroke: #2a303a }
            .axis { stroke: #79828f }
            .c0 { stroke: #74aaff; fill: #74aaff } .c1 { stroke: #ff9a62; fill: #ff9a62 } .c2 { stroke: #62cf86; fill: #62cf86 }
            .c3 { stroke: #c79bff; fill: #c79bff } .c4 { stroke: #e0c04c; fill: #e0c04c } .c5 { stroke: #a3adba; fill: #a3adba }
            .c6 { stroke: #4cc3dd; fill: #4cc3dd } .c7 { stroke: #ff82b2; fill: #ff82b2 } .c8 { stroke: #d3a273; fill: #d3a273 } .c9 { stroke: #a5cf5a; fill: #a5cf5a }
            polyline.line { fill: none }
          }

        """;

    private readonly StringBuilder _text = new();

    private ChartSvg()
    {
    }

    /// <summary>The document.</summary>
    /// <param name="subject">What the curves are of.</param>
    /// <param name="hasDark">Whether it is dark where the reader prefers that.</param>
    public static string Draw(IReadOnlyList<ChartRow> rows, string subject = "speed over depth, batch and threads", bool hasDark = true)
    {
        var svg = new ChartSvg();
        var heights = rows.Select(HeightOf).ToArray();
        var width = (2 * Margin) + (rows.Max(row => row.Panels.Count) * PanelWidth);
        svg.Line($"""<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{heights.Sum() + (2 * Margin)}" viewBox="0 0 {width} {heights.Sum() + (2 * Margin)}" role="img">""");
        svg.Line($"<title>{Escape(string.Join("; ", rows.Select(row => row.Title)))}: {Escape(subject)}</title>");
        svg.Line($"<style>");
        svg._text.Append(Style).Append(hasDark ? DarkStyle : "");
        svg.Line($"</style>");
        svg.Line($"""<rect class="back" x="0.5" y="0.5" width="{width - 1}" height="{heights.Sum() + (2 * Margin) - 1}" rx="6"/>""");
        var top = Margin;
        for (var i = 0; i < rows.Count; i++)
        {
            svg.Row(rows[i], top);
            top += heights[i];
        }

        svg.Line($"</svg>");
        return svg._text.ToString();
    }

    private static double HeightOf(ChartRow row) => HeaderOf(row) + PlotHeight + Below + Margin;

    // Titles, and as many legend lines as the panel with the most curves has.
    private static double HeaderOf(ChartRow row) => 66 + (row.Panels.Max(panel => LegendLines(Legend(panel).Count())) * LegendLine);

    // More than a few names stand in two columns.
    private static int LegendLines(int names) => names > MostLegendLines ? (names + 1) / 2 : names;

    private static IEnumerable<ChartSeries> Legend(ChartPanel panel) => panel.Series.Where(series => series.Label.Length > 0).OrderBy(series => series.IsReference);

    private void Row(ChartRow row, double top)
    {
        Line($"""<text class="title" x="{Margin}" y="{top + 12}">{Escape(row.Title)}</text>""");
        Line($"""<text x="{Margin}" y="{top + 28}">{Escape(row.Subtitle)}</text>""");
        for (var i = 0; i < row.Panels.Count; i++)
        {
            Panel(row.Panels[i], Margin + (i * PanelWidth) + Left, top + HeaderOf(row), top + 50);
        }
    }

    private void Panel(ChartPanel panel, double left, double top, double titleY)
    {
        Line($"""<text class="panel" x="{left}" y="{titleY}">{Escape(panel.Title)}</text>""");
        var legend = Legend(panel).ToArray();
        for (var i = 0; i < legend.Length; i++)
        {
            var (column, line) = Math.DivRem(i, LegendLines(legend.Length));
            Name(legend[i], left + (column * (PlotWidth / 2)), titleY + ((line + 1) * LegendLine));
        }

        var ticks = ChartScale.Ticks(panel.Least, panel.Points.Max(point => Math.Max(point.Y, point.Max)));
        var plot = new ChartPlot(panel, left, top, PlotWidth, PlotHeight, ticks[0], ticks[^1]);
        Axes(panel, plot, ticks);
        foreach (var series in panel.Series)
        {
            if (panel.IsDense)
            {
                Dense(series, plot);
            }
            else
            {
                Series(series, plot);
            }
        }
    }

    private void Name(ChartSeries series, double left, double y)
    {
        Line($"""<polyline class="line c{series.Color % Colors}{(series.IsReference ? " bound" : "")}" points="{left},{y - 4} {left + 20},{y - 4}"/>""");
        Line($"""<text x="{left + 26}" y="{y}">{Escape(series.Label)}</text>""");
    }

    private void Axes(ChartPanel panel, ChartPlot plot, double[] ticks)
    {
        foreach (var tick in ticks)
        {
            Line($"""<line class="{(tick == ticks[0] ? "axis" : "grid")}" x1="{plot.Left}" y1="{plot.Y(tick)}" x2="{plot.Right}" y2="{plot.Y(tick)}"/>""");
            Line($"""<text x="{plot.Left - 6}" y="{plot.Y(tick) + 4}" text-anchor="end">{ChartScale.Text(tick)}</text>""");
        }

        XTicks(panel, plot);
        foreach (var border in panel.Borders)
        {
            Line($"""<line class="axis bound" x1="{plot.X(border)}" y1="{plot.Top}" x2="{plot.X(border)}" y2="{plot.Bottom}"/>""");
        }

        Line($"""<text x="{(plot.Left + plot.Right) / 2}" y="{plot.Bottom + 32}" text-anchor="middle">{Escape(panel.XTitle)}</text>""");
        var (x0, y0) = (plot.Left - 42, (plot.Top + plot.Bottom) / 2);
        Line($"""<text x="{x0}" y="{y0}" text-anchor="middle" transform="rotate(-90 {x0} {y0})">{Escape(panel.YTitle)}</text>""");
    }

    private void XTicks(ChartPanel panel, ChartPlot plot)
    {
        var values = panel.IsDense
            ? ChartScale.Ticks(plot.Range.First, plot.Range.Last).Where(x => x >= plot.Range.First && x <= plot.Range.Last)
            : panel.Points.Select(point => point.X).Distinct().Order();
        var last = double.NegativeInfinity;
        foreach (var x in values)
        {
            Line($"""<line class="axis" x1="{plot.X(x)}" y1="{plot.Bottom}" x2="{plot.X(x)}" y2="{plot.Bottom + 4}"/>""");
            if (plot.X(x) - last >= LeastTickDistance)
            {
                Line($"""<text x="{plot.X(x)}" y="{plot.Bottom + 16}" text-anchor="middle">{ChartScale.Text(x)}</text>""");
                last = plot.X(x);
            }
        }
    }

    private void Dense(ChartSeries series, ChartPlot plot)
    {
        var color = $"c{series.Color % Colors}";
        if (series.Points.Any(point => point.Max > point.Min))
        {
            var band = series.Points.Select(point => Place(plot, point.X, point.Max)).Concat(series.Points.Reverse().Select(point => Place(plot, point.X, point.Min)));
            Line($"""<polygon class="band {color}" points="{string.Join(' ', band)}"/>""");
        }

        Line($"""<polyline class="line {color}{(series.IsReference ? " bound" : "")}" points="{string.Join(' ', series.Points.Select(point => Place(plot, point.X, point.Y)))}"/>""");
        foreach (var point in series.Points.Count <= MostDots ? series.Points : [])
        {
            Line($"""<circle class="{color}" cx="{plot.X(point.X)}" cy="{plot.Y(point.Y)}" r="2.5"/>""");
        }
    }

    private static string Place(ChartPlot plot, double x, double y) => string.Create(CultureInfo.InvariantCulture, $"{plot.X(x):0.##},{plot.Y(y):0.##}");

    private void Series(ChartSeries series, ChartPlot plot)
    {
        var color = $"c{series.Color % Colors}";
        var points = string.Join(' ', series.Points.Select(point => Place(plot, point.X, point.Y)));
        Line($"""<polyline class="line {color}{(series.IsReference ? " bound" : "")}" points="{points}"/>""");
        foreach (var point in series.IsReference ? [] : series.Points)
        {
            if (point.Max > point.Min)
            {
                Line($"""<line class="range {color}" x1="{plot.X(point.X)}" y1="{plot.Y(point.Min)}" x2="{plot.X(point.X)}" y2="{plot.Y(point.Max)}"/>""");
            }

            Line($"""<circle class="{color}" cx="{plot.X(point.X)}" cy="{plot.Y(point.Y)}" r="3"><title>{Escape(series.Label)} {ChartScale.Text(point.X)}: {point.Y:0.##} ({point.Min:0.##}–{point.Max:0.##})</title></circle>""");
        }
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(text);

    // Numbers with two decimals at most, whatever the language.
    private void Line(FormattableString line)
    {
        var values = line.GetArguments().Select(value => value is double number ? Math.Round(number, 2) : value).ToArray();
        _text.Append(string.Format(CultureInfo.InvariantCulture, line.Format, values)).Append('\n');
    }
}
