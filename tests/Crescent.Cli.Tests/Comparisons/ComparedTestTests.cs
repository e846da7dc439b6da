using Crescent.Cli.Comparisons;
using Xunit;

namespace Crescent.Tests.Comparisons;

public sealed class ComparedTestTests
{
    [Theory]
    [InlineData(new[] { 3.0, 1, 2 }, 2, 1, 3)]
    [InlineData(new[] { 4.0, 1, 2, 3 }, 2.5, 1, 4)]
    [InlineData(new[] { 7.0 }, 7, 7, 7)]
    public void A_spread_is_median_least_and_most(double[] figures, double median, double min, double max) =>
        Assert.Equal(new Spread(median, min, max), Spread.Of(figures));

    [Fact]
    public void Ratios_are_of_pairs_and_of_medians()
    {
        ComparedRun[] runs = [Run(1, true, 10), Run(1, false, 5), Run(2, false, 8), Run(2, true, 12), Run(3, true, 9), Run(3, false, 10)];
        var test = ComparedTest.Of("decode", runs, run => run.Decode, run => run.Share(1e9))!;
        Assert.Equal(new Spread(10, 9, 12), test.Ours);
        Assert.Equal(new Spread(8, 5, 10), test.Peer);
        Assert.Equal(new Spread(1.5, 0.9, 2), test.Ratios);
        Assert.Equal(10.0 / 8, test.RatioOfMedians);
        Assert.Equal(0.5, test.OurShare!.Median);
        Assert.Equal(0.4, test.PeerShare!.Median);
    }

    [Fact]
    public void A_pair_that_lacks_a_run_does_not_count()
    {
        Assert.Equal(2, ComparedTest.Of("decode", [Run(1, true, 10), Run(1, false, 5), Run(2, true, 100)], run => run.Decode, _ => null)!.RatioOfMedians);
        Assert.Null(ComparedTest.Of("decode", [Run(1, true, 10)], run => run.Decode, _ => null));
        Assert.Null(ComparedTest.Of("prefill", [Run(1, true, 10), Run(1, false, 5)], run => run.Prefill, _ => null));
    }

    [Fact]
    public void Bandwidth_is_never_below_what_a_run_reached()
    {
        var run = Run(1, true, 30);
        Assert.Equal(20e9, run.Bandwidth(null));
        Assert.Equal(30e9, run.Bandwidth(1e9));
        Assert.Equal(1, run.Share(1e9));
        Assert.Equal(0.75, run.Share(0.5e9));
        Assert.Null(run.Share(null));
    }

    private static ComparedRun Run(int pair, bool isOurs, double decode) => new(pair, isOurs, 1, DateTime.UnixEpoch, 20e9, new EngineFigures([], [decode], null));
}
