using Crescent.Kernels.Storage;
using Xunit;

namespace Crescent.Kernels.Tests.Storage;

public class DriveFileTests
{
    [Fact]
    public void A_file_tells_its_length_and_blocks()
    {
        using var drive = new TestDrive(10_000);
        var file = drive.Open();
        Assert.Equal(drive.FilePath, file.Path);
        Assert.Equal(10_000, file.Length);
        Assert.Equal(1, file.CopyCount);
        Assert.True(int.IsPow2(file.BlockBytes) && file.BlockBytes >= 4096);
        Assert.Equal(file.IsUnbuffered, file.BufferedReason is null);
        Assert.Equal(file.BlockBytes, file.AlignUp(1));
        Assert.Equal(0, file.AlignUp(0));
        Assert.Equal(3L * file.BlockBytes, file.AlignDown((4L * file.BlockBytes) - 1));
    }

    [Fact]
    public void A_file_system_in_memory_is_read_through_its_cache_and_says_so()
    {
        Assert.SkipUnless(Directory.Exists("/dev/shm"), "no /dev/shm");
        using var drive = new TestDrive(300_001, "/dev/shm");
        var file = drive.Open();
        Assert.False(file.IsUnbuffered);
        Assert.Contains("memory", file.BufferedReason);
        using var reader = new DriveReader();
        var job = drive.Job(file, 0, 300_001);
        reader.Submit(job);
        Assert.Null(TestDrive.Wait(reader).Error);
        Assert.True(drive.Holds(job));
    }

    [Fact]
    public void An_unbuffered_file_refuses_an_unaligned_read()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "an unaligned direct read is an error on Linux");
        using var drive = new TestDrive(300_001);
        var file = drive.Open();
        Assert.SkipUnless(file.IsUnbuffered, file.BufferedReason ?? "");
        var opened = PlatformFile.Open(drive.FilePath);
        using var handle = opened.Handle;
        using var memory = new PinnedMemory(65536);
        Assert.Equal(-22, PlatformFile.Read(handle, memory.Bytes.Slice(1, 4096), 0));
        Assert.Equal(-22, PlatformFile.Read(handle, memory.Bytes.Slice(0, 4096), 100));
        Assert.Equal(4096, PlatformFile.Read(handle, memory.Bytes.Slice(0, 4096), 4096));
        Assert.True(memory.Bytes.Span(0, 4096).SequenceEqual(drive.Content.AsSpan(4096, 4096)));
    }

    [Fact]
    public void An_empty_file_has_nothing_to_read()
    {
        using var drive = new TestDrive(0);
        var file = drive.Open();
        Assert.Equal(0, file.Length);
        using var memory = new PinnedMemory(65536);
        Assert.Throws<ArgumentException>(() => new ReadJob([new ReadExtent(file, 0, memory.Bytes.Slice(0, file.BlockBytes))], ReadPriority.Demand));
    }
}
