using Crescent.Kernels.Storage;
using Xunit;

namespace Crescent.Kernels.Tests.Storage;

public class DriveTuningTests
{
    private static readonly DriveTuningOptions s_quick = new() { Limit = TimeSpan.FromMilliseconds(60) };

    [Fact]
    public void One_of_the_pairs_is_chosen_with_the_rate_it_had()
    {
        using var drive = new TestDrive(9 << 20);
        var chosen = DriveTuning.Choose(Places(drive, (1 << 20, 2 << 20), (5 << 20, 1000)), s_quick);
        Assert.NotNull(chosen);
        Assert.Contains(chosen.Value.BlockBytes, s_quick.BlockBytes);
        Assert.Contains(chosen.Value.Depth, s_quick.Depths);
        Assert.True(chosen.Value.BytesPerSecond > 0);
    }

    [Theory]
    [InlineData(64 << 10, 3)]
    [InlineData(512 << 10, 40)]
    public void What_is_given_is_not_chosen(int blockBytes, int depth)
    {
        using var drive = new TestDrive(1 << 20);
        var chosen = DriveTuning.Choose(Places(drive, (0, 1 << 20)), s_quick with { BlockBytes = [blockBytes], Depths = [depth] });
        Assert.Equal((blockBytes, depth), (chosen!.Value.BlockBytes, chosen.Value.Depth));
    }

    [Fact]
    public void No_more_bytes_are_in_flight_than_allowed()
    {
        using var drive = new TestDrive(9 << 20);
        var options = s_quick with { MostBytes = 2 << 20 };
        var chosen = DriveTuning.Choose(Places(drive, (0, 9 << 20)), options);
        Assert.InRange((long)chosen!.Value.BlockBytes * chosen.Value.Depth, 1 << 20, options.MostBytes);
    }

    [Fact]
    public void Nothing_is_chosen_where_no_pair_fits()
    {
        using var drive = new TestDrive((256 << 10) - 1);
        Assert.Null(DriveTuning.Choose(Places(drive, (0, 1000)), s_quick));
        Assert.Null(DriveTuning.Choose([], s_quick));
        using var larger = new TestDrive(1 << 20);
        Assert.Null(DriveTuning.Choose(Places(larger, (0, 1 << 20)), s_quick with { MostBytes = 1 << 19 }));
    }

    // Several files, and one too small for the larger blocks.
    [Fact]
    public void Places_may_lie_in_several_files()
    {
        using var drive = new TestDrive(5 << 20);
        var small = drive.Own(DriveFile.Open(drive.Write(new byte[300_000])));
        var chosen = DriveTuning.Choose([.. Places(drive, (0, 5 << 20)), new DrivePlace(small, 0, 300_000)], s_quick);
        Assert.NotNull(chosen);
    }

    [Fact]
    public void Copies_on_one_file_system_say_the_same_device()
    {
        using var drive = new TestDrive(1 << 16);
        var file = drive.Open(drive.Write(drive.Content));
        Assert.Single(file.Devices.Distinct());
        Assert.NotEmpty(file.Devices.First());
    }

    private static DrivePlace[] Places(TestDrive drive, params (long Offset, long Length)[] places)
    {
        var file = drive.Open();
        return [.. places.Select(place => new DrivePlace(file, place.Offset, place.Length))];
    }
}
