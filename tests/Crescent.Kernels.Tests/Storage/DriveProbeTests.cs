using Crescent.Kernels.Storage;
using Xunit;

namespace Crescent.Kernels.Tests.Storage;

public class DriveProbeTests
{
    [Theory]
    [InlineData((9 << 20) + 5, 4 << 20)]
    [InlineData(300_000, 256 << 10)]
    [InlineData(65_536, 64 << 10)]
    public void A_probe_measures_every_size_that_the_file_has(int bytes, int largest)
    {
        using var drive = new TestDrive(bytes);
        var result = DriveProbe.Measure(drive.Open(), TimeSpan.FromMilliseconds(200));
        Assert.True(result.FirstTouch.BytesPerSecond > 0);
        Assert.Equal(largest, result.Rates.Max(rate => rate.BlockBytes));
        Assert.Equal(64 << 10, result.Rates.Min(rate => rate.BlockBytes));
        Assert.All(result.Rates.GroupBy(rate => rate.BlockBytes), rates => Assert.InRange(rates.Count(), 3, 5));
        Assert.All(result.Rates, rate => Assert.True(rate.BytesPerSecond > 0));
        Assert.Contains(result.Best, result.Rates);
        Assert.True(result.Latency > TimeSpan.Zero);
        Assert.NotEmpty(result.BackendName);
    }

    [Fact]
    public void The_best_pair_has_the_fewest_bytes_in_flight_near_the_highest_rate()
    {
        DriveRate[] rates = [new(1 << 20, 16, 1000), new(1 << 20, 4, 975), new(256 << 10, 16, 980), new(64 << 10, 32, 960)];
        var result = new DriveProbeResult { FirstTouch = rates[0], Rates = rates, Latency = default, BackendName = "" };
        Assert.Equal(rates[1], result.Best);
    }

    [Fact]
    public void A_file_too_small_to_measure_is_refused()
    {
        using var drive = new TestDrive(65_535);
        var error = Assert.Throws<ArgumentException>(() => DriveProbe.Measure(drive.Open(), TimeSpan.FromSeconds(1)));
        Assert.Contains("found 65535", error.Message);
    }
}
