using Crescent.Engine.Chat;
using Xunit;

namespace Crescent.Tests.Chat;

public sealed class RecentCountsTests
{
    private static readonly TimeSpan s_stretch = TimeSpan.FromSeconds(5);

    [Fact]
    public void Without_samples_nothing_is_known()
    {
        var counts = new RecentCounts();
        Assert.Null(counts.HitRate(Seconds(10)));
        Assert.Equal(0, counts.BytesPerSecond(Seconds(10), s_stretch, 100));
    }

    [Fact]
    public void A_rate_is_that_of_the_last_stretch()
    {
        var counts = new RecentCounts();
        for (var second = 0; second <= 100; second++)
        {
            // 10 uses a second; 2 of them hits for fifty seconds, then 8.
            counts.Add(Seconds(second), 10 * second, second <= 50 ? 2 * second : 100 + (8 * (second - 50)), 1000 * Math.Min(second, 97));
        }

        // From second 40: 10 seconds of 2, and 50 of 8.
        Assert.Equal(((10 * 2) + (50 * 8)) / 600.0, counts.HitRate(Seconds(100))!.Value, 1e-9);
        Assert.Equal(2000 / 5.0, counts.BytesPerSecond(Seconds(100), s_stretch, 97_000), 1e-9);
    }

    [Fact]
    public void Idle_time_belongs_to_no_step()
    {
        var counts = new RecentCounts();
        counts.Add(Seconds(0), 0, 0, 0);
        counts.Add(Seconds(0.1), 10, 0, 500);
        counts.Add(Seconds(3600), 10, 0, 500);
        counts.Add(Seconds(3600.1), 20, 10, 1500);
        Assert.Equal(1.0, counts.HitRate(Seconds(3600.1)));
        Assert.Equal(1000 / 5.0, counts.BytesPerSecond(Seconds(3600.1), s_stretch, 1500), 1e-6);
        Assert.Equal(0, counts.BytesPerSecond(Seconds(3700), s_stretch, 1500), 1e-6);
        Assert.Null(counts.HitRate(Seconds(3700)));
    }

    [Fact]
    public void A_long_step_is_read_evenly()
    {
        var counts = new RecentCounts();
        counts.Add(Seconds(100), 0, 0, 0);
        Assert.Equal(300, counts.BytesPerSecond(Seconds(120), s_stretch, 6000), 1e-6);
        Assert.Equal(500, counts.BytesPerSecond(Seconds(102), s_stretch, 1000), 1e-6);
    }

    [Fact]
    public void Many_samples_within_a_moment_lose_nothing()
    {
        var counts = new RecentCounts();
        for (var i = 0; i <= 100_000; i++)
        {
            counts.Add(Seconds(i / 1000.0), i, i / 2, 10L * i);
        }

        Assert.Equal(0.5, counts.HitRate(Seconds(100))!.Value, 1e-3);
        Assert.Equal(10_000, counts.BytesPerSecond(Seconds(100), s_stretch, 1_000_000), 1e-3);
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
