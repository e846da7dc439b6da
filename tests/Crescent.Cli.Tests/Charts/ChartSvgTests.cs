using System.Globalization;
using System.Xml.Linq;
using Crescent.Cli.Charts;
using Xunit;

namespace Crescent.Tests.Charts;

public sealed class ChartSvgTests
{
    private static readonly ChartPanel s_panel = new(
        "Decode over <depth>", "tokens in the cache", "tokens a second", false,
        [
            new ChartSeries("1 thread & more", 0, [new ChartPoint(0, 50, 40, 60), new ChartPoint(4096, 25, 25, 25), new ChartPoint(8192, 0, 0, 0)]),
            new ChartSeries("bound", 1, [new ChartPoint(0, 100, 100, 100), new ChartPoint(8192, 100, 100, 100)], IsReference: true),
        ]);

    [Fact]
    public void Points_lie_where_the_axes_say()
    {
        var circles = Draw(s_panel).Descendants().Where(element => element.Name.LocalName == "circle").ToArray();
        Assert.Equal(3, circles.Length);
        var (x, y) = (circles.Select(circle => Number(circle, "cx")).ToArray(), circles.Select(circle => Number(circle, "cy")).ToArray());
        Assert.Equal(x[1] - x[0], x[2] - x[1], 0.011);
        Assert.Equal(y[1] - y[0], y[2] - y[1], 0.011);
        // The axis ends at 100, as the bound does: half of it is half way up.
        var bound = Draw(s_panel).Descendants().Last(element => element.Name.LocalName == "polyline").Attribute("points")!.Value;
        Assert.Equal(y[0], (double.Parse(bound.Split(' ')[0].Split(',')[1], CultureInfo.InvariantCulture) + y[2]) / 2, 0.011);
    }

    [Fact]
    public void Every_curve_is_named_and_every_axis_has_its_unit()
    {
        var texts = Draw(s_panel).Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value).ToArray();
        Assert.All(["m<1>.gguf", "Decode over <depth>", "1 thread & more", "bound", "tokens in the cache", "tokens a second", "0", "4k", "8k", "100"], text => Assert.Contains(text, texts));
    }

    [Fact]
    public void Repeats_that_differ_have_a_range_and_bounds_are_dashed()
    {
        var elements = Draw(s_panel).Descendants().ToArray();
        Assert.Single(elements, element => (string?)element.Attribute("class") == "range c0");
        Assert.Equal(2, elements.Count(element => (string?)element.Attribute("class") == "line c1 bound")); // in the legend and in the plot
    }

    [Fact]
    public void Dark_pages_have_their_colours() =>
        Assert.Contains("@media (prefers-color-scheme: dark)", ChartSvg.Draw([new ChartRow("m", "", [s_panel])]), StringComparison.Ordinal);

    [Fact]
    public void A_doubling_axis_has_equal_steps()
    {
        var panel = new ChartPanel("", "", "", true, [new ChartSeries("", 0, [new ChartPoint(1, 1, 1, 1), new ChartPoint(2, 1, 1, 1), new ChartPoint(4, 1, 1, 1)])]);
        var x = Draw(panel).Descendants().Where(element => element.Name.LocalName == "circle").Select(circle => Number(circle, "cx")).ToArray();
        Assert.Equal(x[1] - x[0], x[2] - x[1], 0.011);
    }

    private static XDocument Draw(ChartPanel panel) => XDocument.Parse(ChartSvg.Draw([new ChartRow("m<1>.gguf", "a \"model\"", [panel])]));

    private static double Number(XElement element, string attribute) => double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);
}
