using Crescent.Kernels.Storage;
using Xunit;

namespace Crescent.Kernels.Tests.Storage;

public class DriveFailureTests
{
    private const int FileBytes = (1 << 20) + 777;
    private const int InputOutputError = -5;

    [Theory]
    [InlineData(0, InputOutputError)]
    [InlineData(1, InputOutputError)]
    [InlineData(3, InputOutputError)]
    [InlineData(50, -4)]
    [InlineData(50, -11)]
    public void A_read_that_fails_for_a_while_is_done_again(int failures, int error)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "error numbers of Linux");
        var left = failures;
        using var drive = new TestDrive(FileBytes);
        using var reader = FakeBackend.Reader(block => block.Offset == 65536 && left-- > 0 ? error : FakeBackend.Read(block), out _, depth: 4);
        var job = drive.Job(drive.Open(), 0, FileBytes);
        reader.Submit(job);
        Assert.Same(job, TestDrive.Wait(reader));
        Assert.Null(job.Error);
        Assert.True(drive.Holds(job));
    }

    [Theory]
    [InlineData(InputOutputError, 4)]
    [InlineData(-4, 103)]
    [InlineData(0, 4)]
    [InlineData(100, 4)]
    public void A_read_that_fails_for_good_ends_its_job_and_no_other(int result, int reads)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "error numbers of Linux");
        var tried = 0;
        using var drive = new TestDrive(FileBytes);
        var file = drive.Open();
        using var reader = FakeBackend.Reader(
            block =>
            {
                if (block.Offset != 131072)
                {
                    return FakeBackend.Read(block);
                }

                tried++;
                return result;
            },
            out _,
            depth: 2);
        var bad = drive.Job(file, 0, FileBytes);
        var good = drive.Job(file, 262144, FileBytes - 262144);
        reader.Submit(bad);
        reader.Submit(good);
        var finished = new[] { TestDrive.Wait(reader), TestDrive.Wait(reader) };
        Assert.Contains(bad, finished);
        Assert.Null(good.Error);
        Assert.True(drive.Holds(good));
        var error = Assert.IsType<DriveReadException>(bad.Error);
        Assert.Equal(131072, error.Offset);
        Assert.Equal(drive.FilePath, error.Path);
        Assert.Contains(drive.FilePath, error.Message);
        Assert.Contains(result >= 0 ? $"expected 65536 bytes, found {result}" : "failed", error.Message);
        Assert.Equal(reads, tried);
        Assert.True(reader.IsIdle);
    }

    [Fact]
    public void Short_reads_go_on_where_they_ended()
    {
        using var drive = new TestDrive(FileBytes);
        var random = new Random(5);
        using var reader = FakeBackend.Reader(block => FakeBackend.Read(block, Math.Min(block.Length, 4096 * random.Next(1, 5))), out _, depth: 3);
        var job = drive.Job(drive.Open(), 0, FileBytes);
        reader.Submit(job);
        TestDrive.Wait(reader);
        Assert.Null(job.Error);
        Assert.True(drive.Holds(job));
    }

    [Theory]
    [InlineData(ReadBackendKind.Threads)]
    [InlineData(ReadBackendKind.Uring)]
    public void A_file_that_became_shorter_is_reported_with_both_lengths(ReadBackendKind backend)
    {
        Backends.SkipUnlessWorking(backend);
        using var drive = new TestDrive(FileBytes);
        var file = drive.Open();
        using (var stream = File.OpenWrite(drive.FilePath))
        {
            stream.SetLength(500_000);
        }

        using var reader = new DriveReader(new() { Backend = backend, BlockBytes = 64 << 10 });
        var job = drive.Job(file, 0, FileBytes);
        var before = drive.Job(file, 0, 400_000);
        reader.Submit(job);
        reader.Submit(before);
        TestDrive.Wait(reader);
        TestDrive.Wait(reader);
        Assert.Null(before.Error);
        Assert.True(drive.Holds(before));
        Assert.NotNull(job.Error);
        Assert.Contains($"truncated while in use: expected {FileBytes} bytes, found 500000", job.Error.Message);
        Assert.InRange(job.Error.Offset, 400_000, FileBytes);
    }

    [Fact]
    public void A_mirror_of_another_length_is_refused()
    {
        using var drive = new TestDrive(FileBytes);
        var mirror = drive.Write(new byte[FileBytes - 1]);
        var error = Assert.Throws<IOException>(() => drive.Open(mirror));
        Assert.Contains($"{FileBytes} bytes, found {FileBytes - 1}", error.Message);
        Assert.Throws<FileNotFoundException>(() => drive.Open(mirror + "x"));
        Assert.Throws<UnauthorizedAccessException>(() => DriveFile.Open(drive.Folder));
    }

    [Fact]
    public void A_failing_copy_is_replaced_by_its_mirror()
    {
        using var drive = new TestDrive(FileBytes);
        var mirror = drive.Write(drive.Content);
        using var reader = FakeBackend.Reader(block => block.Copy.Path == mirror ? InputOutputError : FakeBackend.Read(block), out _, depth: 4);
        var job = drive.Job(drive.Open(mirror), 0, FileBytes);
        reader.Submit(job);
        TestDrive.Wait(reader);
        Assert.Null(job.Error);
        Assert.True(drive.Holds(job));
    }

    [Fact]
    public void Reads_are_spread_over_copies_by_their_queues()
    {
        using var drive = new TestDrive(FileBytes);
        var mirror = drive.Write(drive.Content);
        var counts = new Dictionary<string, int>();
        using var reader = FakeBackend.Reader(
            block =>
            {
                counts[block.Copy.Path] = counts.GetValueOrDefault(block.Copy.Path) + 1;
                return null;
            },
            out var backend,
            depth: 16);
        var job = drive.Job(drive.Open(mirror), 0, 1 << 20);
        reader.Submit(job);
        for (var i = 0; i < 16; i++)
        {
            backend.Release();
        }

        TestDrive.Wait(reader);
        Assert.True(drive.Holds(job));
        Assert.Equal(8, counts[mirror]);
        Assert.Equal(8, counts[drive.FilePath]);
    }

    [Fact]
    public void A_stalled_read_keeps_nobody_waiting_and_its_memory_alive()
    {
        using var drive = new TestDrive(FileBytes);
        var file = drive.Open();
        var reader = FakeBackend.Reader(_ => null, out var backend, depth: 1, disposeTimeout: TimeSpan.FromMilliseconds(50));
        var stalled = drive.Job(file, 0, 4096);
        var waiting = drive.Job(file, 4096, 4096);
        reader.Submit(stalled);
        reader.Submit(waiting);
        Assert.Null(reader.WaitCompleted(TimeSpan.FromMilliseconds(20)));
        Assert.Equal(1, reader.InFlight);
        Assert.False(reader.IsIdle);
        reader.Dispose();
        Assert.True(backend.IsStopped);
        Assert.False(stalled.IsCompleted);
        Assert.True(waiting.IsCompleted);
        Assert.Contains("disposed", waiting.Error!.Message);

        // The system writes long after both were disposed: into memory that is still there.
        var target = stalled.Extents[0].Target;
        stalled.Memory!.Dispose();
        Assert.Throws<ObjectDisposedException>(() => stalled.Memory.Bytes);
        target.Span(0, 4096).Fill(9);
        backend.Release();
        Assert.True(stalled.IsCompleted);
        Assert.True(SpinWait.SpinUntil(() => reader.InFlight == 0, TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task Dispose_ends_what_had_not_begun_and_waits_for_what_had()
    {
        using var drive = new TestDrive(FileBytes);
        var file = drive.Open();
        var reader = FakeBackend.Reader(block => block.Offset == 0 ? null : FakeBackend.Read(block), out var backend);
        var jobs = new[] { drive.Job(file, 0, 200_000), drive.Job(file, 300_000, 1), drive.Job(file, 400_000, 1, ReadPriority.Ahead) };
        Array.ForEach(jobs, reader.Submit);
        var disposing = Task.Run(reader.Dispose, TestContext.Current.CancellationToken);
        Assert.True(SpinWait.SpinUntil(() => jobs[2].IsCompleted, TimeSpan.FromSeconds(30)));
        Assert.False(jobs[0].IsCompleted);
        backend.Release();
        await disposing.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.All(jobs, job => Assert.Contains("disposed", job.Error!.Message));
    }
}
