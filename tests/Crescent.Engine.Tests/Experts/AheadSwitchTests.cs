using Crescent.Engine.Experts;
using Xunit;

namespace Crescent.Tests.Experts;

/// <summary>Reading ahead stops where wrong guesses cost more than right ones bring, by bytes, however long was waited.</summary>
public sealed class AheadSwitchTests
{
    private const int Stretch = 16;
    private const int Pause = 512;

    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(200, 100, true)]
    [InlineData(199, 100, false)]
    [InlineData(0, 1, false)]
    public void It_judges_by_bytes(long used, long wasted, bool isOn)
    {
        var ahead = new AheadSwitch();
        Step(ahead, Stretch, new ExpertCounts { AheadUsedBytes = used, AheadWastedBytes = wasted, Waited = TimeSpan.FromHours(1) });
        Assert.Equal(isOn, ahead.IsOn);
    }

    [Fact]
    public void It_tries_again_and_forgets_what_was_before()
    {
        var ahead = new AheadSwitch();
        var counts = new ExpertCounts { AheadWastedBytes = 1000 };
        Step(ahead, Stretch, counts);
        Assert.False(ahead.IsOn);
        Step(ahead, Pause, counts);
        Assert.True(ahead.IsOn);
        Step(ahead, Stretch, counts with { AheadUsedBytes = 20, AheadWastedBytes = 1010 });
        Assert.True(ahead.IsOn);
    }

    private static void Step(AheadSwitch ahead, int steps, ExpertCounts counts)
    {
        for (var i = 0; i < steps; i++)
        {
            ahead.BeginStep(counts);
        }
    }
}
