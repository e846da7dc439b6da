using Crescent.Cli.Charts;
using Xunit;

namespace Crescent.Tests.Charts;

public sealed class ChartScaleTests
{
    [Theory]
    [InlineData(0, new[] { 0, 0.2, 0.4, 0.6, 0.8, 1 })]
    [InlineData(1, new[] { 0, 0.2, 0.4, 0.6, 0.8, 1 })]
    [InlineData(13.9, new[] { 0.0, 5, 10, 15 })]
    [InlineData(101, new[] { 0.0, 25, 50, 75, 100, 125 })]
    [InlineData(0.031, new[] { 0, 0.01, 0.02, 0.03, 0.04 })]
    public void Ticks_are_round_and_reach_the_most(double most, double[] expected)
    {
        var ticks = ChartScale.Ticks(most);
        Assert.Equal(expected.Length, ticks.Length);
        Assert.All(expected.Zip(ticks), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(512, "512")]
    [InlineData(1500, "1500")]
    [InlineData(32768, "32k")]
    [InlineData(2.5, "2.5")]
    public void Numbers_are_short(double value, string expected) => Assert.Equal(expected, ChartScale.Text(value));
}
