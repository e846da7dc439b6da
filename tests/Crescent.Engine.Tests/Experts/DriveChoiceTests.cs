using Crescent.Engine.Experts;
using Crescent.Kernels.Storage;
using Crescent.Tests.Checkpoints;
using Crescent.Tests.Models;
using Xunit;

namespace Crescent.Tests.Experts;

/// <summary>How a drive is read is measured once, and kept.</summary>
public sealed class DriveChoiceTests
{
    private const string Name = "g-qwen3moe";
    private static readonly DriveTuningOptions s_tried = new();

    [Fact]
    public void A_choice_is_measured_kept_and_taken_again()
    {
        using var folder = new TemporaryFolder();
        var choice = new DriveChoiceOptions { Folder = folder.File("new") };
        var measured = Choose(choice);
        Assert.Contains(measured.Reader.Depth, s_tried.Depths);
        Assert.Contains(measured.Reader.BlockBytes, s_tried.BlockBytes);
        Assert.True(measured.Rate!.Value.BytesPerSecond > 0);

        var path = Assert.Single(Directory.GetFiles(folder.File("new")));
        var lines = File.ReadAllLines(path);
        File.WriteAllLines(path, [lines[0], lines[1], "7 131072 123456789"]);
        var kept = Choose(choice);
        Assert.Equal((7, 131072, new DriveRate(131072, 7, 123456789)), (kept.Reader.Depth, kept.Reader.BlockBytes, kept.Rate));

        var anew = Choose(choice with { IsAnew = true });
        Assert.Contains(anew.Reader.Depth, s_tried.Depths);
        Assert.NotEqual(123456789, Choose(choice).Rate!.Value.BytesPerSecond);
    }

    [Theory]
    [InlineData("")]
    [InlineData("crescent drive 2\nKEY\n7 131072 123456789")]
    [InlineData("crescent drive 1\nother\n7 131072 123456789")]
    [InlineData("crescent drive 1\nKEY\n0 131072 123456789")]
    [InlineData("crescent drive 1\nKEY\n257 131072 123456789")]
    [InlineData("crescent drive 1\nKEY\n-7 131072 123456789")]
    [InlineData("crescent drive 1\nKEY\n7 131073 123456789")]
    [InlineData("crescent drive 1\nKEY\n7 32768 123456789")]
    [InlineData("crescent drive 1\nKEY\n7 134217728 123456789")]
    [InlineData("crescent drive 1\nKEY\n7 99999999999 123456789")]
    [InlineData("crescent drive 1\nKEY\n7 131072 0")]
    [InlineData("crescent drive 1\nKEY\n7 131072 NaN")]
    [InlineData("crescent drive 1\nKEY\n7 131072 99999999999999999999")]
    [InlineData("crescent drive 1\nKEY\n7 131072")]
    [InlineData("crescent drive 1\nKEY\n7 131072 123456789\n8")]
    public void A_kept_choice_out_of_range_is_measured_again(string content)
    {
        using var folder = new TemporaryFolder();
        var choice = new DriveChoiceOptions { Folder = folder.File("drives") };
        Choose(choice);
        var path = Assert.Single(Directory.GetFiles(folder.File("drives")));
        File.WriteAllText(path, content.Replace("KEY", File.ReadAllLines(path)[1], StringComparison.Ordinal));
        Assert.Contains(Choose(choice).Reader.Depth, s_tried.Depths);
    }

    [Fact]
    public void What_is_given_is_used()
    {
        var both = Choose(new DriveChoiceOptions { Depth = 3, BlockBytes = 64 << 10 });
        Assert.Equal((3, 64 << 10), (both.Reader.Depth, both.Reader.BlockBytes));
        Assert.True(both.Rate!.Value.BytesPerSecond > 0);
        Assert.Equal(5, Choose(new DriveChoiceOptions { Depth = 5 }).Reader.Depth);

        // More than the file has: nothing to measure with.
        var large = Choose(new DriveChoiceOptions { BlockBytes = DriveReaderOptions.MaxBlockBytes });
        Assert.Equal((DriveReaderOptions.MaxBlockBytes, null), (large.Reader.BlockBytes, large.Rate));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_no_failure()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("file"), "");
        Assert.NotNull(Choose(new DriveChoiceOptions { Folder = folder.File("file") }).Rate);
    }

    [Fact]
    public void Answers_are_the_same_however_the_drive_is_read()
    {
        using var resident = LoadedModel.Open(Name);
        var expected = resident.Decode(TestModels.TokensOf(Name).AsSpan(0, 8));
        foreach (var choice in (DriveChoiceOptions[])[new(), new() { Depth = 1, BlockBytes = 64 << 10 }])
        {
            using var streamed = Streamed.Open(Name, Streamed.Slots(2) with { Choice = choice });
            Logits.AssertSameBits(expected, streamed.Decode(TestModels.TokensOf(Name).AsSpan(0, 8)));
        }
    }

    private static DriveChoice Choose(DriveChoiceOptions choice)
    {
        using var model = Streamed.Open(Name, Streamed.Slots(2) with { Choice = choice });
        return model.Store().Drive;
    }
}
