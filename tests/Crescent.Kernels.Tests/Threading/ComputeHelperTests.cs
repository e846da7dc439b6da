using System.Diagnostics;
using Crescent.Kernels.Threading;
using Xunit;

namespace Crescent.Kernels.Tests.Threading;

public sealed class ComputeHelperTests
{
    private static readonly long s_millisecond = Stopwatch.Frequency / 1000;

    [Fact]
    public void A_helper_that_keeps_its_core_never_rests()
    {
        using var helper = new ComputeHelper(1);
        helper.StartBurst(0);
        helper.KeptOthersWaiting(preemptions: 0, waited: 100 * s_millisecond, now: 0); // waited for, but it had its core: a long range, or a page from the disk
        Assert.False(helper.SharesCore);
        Assert.False(helper.MustRest(now: 1_000_000 * s_millisecond));
    }

    [Fact]
    public void A_helper_that_lost_its_core_rests_between_short_bursts()
    {
        using var helper = new ComputeHelper(1);
        helper.KeptOthersWaiting(preemptions: 1, waited: 2 * s_millisecond, now: 0);
        Assert.True(helper.SharesCore);
        Assert.False(helper.MustRest(now: s_millisecond / 4));
        Assert.True(helper.MustRest(now: s_millisecond));
    }

    [Fact]
    public void A_core_lost_for_a_moment_counts_for_nothing()
    {
        using var helper = new ComputeHelper(1);
        helper.KeptOthersWaiting(preemptions: 1, waited: s_millisecond / 4, now: 0);
        Assert.False(helper.SharesCore);
        helper.KeptOthersWaiting(preemptions: 1, waited: 10 * s_millisecond, now: 0); // not lost since
        Assert.False(helper.SharesCore);
    }

    [Fact]
    public void A_sleeping_helper_is_woken_once()
    {
        using var helper = new ComputeHelper(1);
        helper.WakeIfAsleep();
        Assert.Equal(0, helper.Wake.CurrentCount);
        helper.FallAsleep();
        helper.WakeIfAsleep();
        helper.WakeIfAsleep();
        Assert.Equal(1, helper.Wake.CurrentCount);
        Assert.False(helper.TryEndSleep());
    }

    [Fact]
    public void Bursts_grow_until_the_core_counts_as_its_own_again()
    {
        using var helper = new ComputeHelper(1);
        helper.KeptOthersWaiting(preemptions: 1, waited: 2 * s_millisecond, now: 0);
        long now = 0, last = 0, rests = 0;
        while (helper.SharesCore)
        {
            helper.StartBurst(now);
            var burst = 0L;
            while (helper.SharesCore && !helper.MustRest(now + burst))
            {
                burst += s_millisecond / 10;
            }

            Assert.True(!helper.SharesCore || burst > last);
            (now, last, rests) = (now + burst + s_millisecond, burst, rests + 1);
        }

        Assert.InRange(rests, 5, 20);
        Assert.InRange(now, 0, 500 * s_millisecond);

        // The same preemption is not counted twice; another starts anew.
        helper.KeptOthersWaiting(preemptions: 1, waited: 2 * s_millisecond, now);
        Assert.False(helper.SharesCore);
        helper.KeptOthersWaiting(preemptions: 2, waited: 2 * s_millisecond, now);
        Assert.True(helper.SharesCore);
    }
}
