using Crescent.Kernels.Memory;
using Crescent.Kernels.Storage;
using Xunit;

namespace Crescent.Kernels.Tests.Storage;

public class DriveReaderTests
{
    private const int FileBytes = (5 << 20) + 12_345;

    public static TheoryData<ReadBackendKind, int, int> Cases()
    {
        var cases = new TheoryData<ReadBackendKind, int, int>();
        foreach (var backend in (ReadBackendKind[])[ReadBackendKind.Threads, ReadBackendKind.Uring])
        {
            foreach (var (depth, blockBytes) in ((int, int)[])[(1, 64 << 10), (4, 256 << 10), (32, 64 << 10), (16, 8 << 20)])
            {
                cases.Add(backend, depth, blockBytes);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Reads_bring_the_files_bytes(ReadBackendKind backend, int depth, int blockBytes)
    {
        Backends.SkipUnlessWorking(backend);
        using var drive = new TestDrive(FileBytes);
        var file = drive.Open();
        using var reader = new DriveReader(new() { Backend = backend, Depth = depth, BlockBytes = blockBytes });
        var random = new Random(depth);
        var expected = 0L;
        for (var i = 0; i < 60; i++)
        {
            var offset = random.Next(FileBytes);
            var job = drive.Job(file, offset, random.Next(1, Math.Min(FileBytes - offset, 2 << 20) + 1), (ReadPriority)(i % 2));
            expected += job.Bytes;
            reader.Submit(job);
        }

        for (var i = 0; i < 60; i++)
        {
            var job = TestDrive.Wait(reader);
            Assert.Null(job.Error);
            Assert.True(job.IsCompleted);
            Assert.True(drive.Holds(job));
            Assert.True(job.CompletedTimestamp >= job.SubmittedTimestamp);
        }

        Assert.True(reader.IsIdle);
        Assert.Equal(0, reader.InFlight);
        Assert.Equal(expected, reader.BytesRead);
        Assert.True(reader.BusyTime > TimeSpan.Zero);
        Assert.False(reader.TryTakeCompleted(out _));
    }

    [Theory]
    [InlineData(ReadBackendKind.Threads)]
    [InlineData(ReadBackendKind.Uring)]
    public void The_last_block_ends_with_the_file(ReadBackendKind backend)
    {
        Backends.SkipUnlessWorking(backend);
        using var drive = new TestDrive(FileBytes);
        var file = drive.Open();
        using var reader = new DriveReader(new() { Backend = backend });
        var job = drive.Job(file, FileBytes - 1, 1);
        reader.Submit(job);
        Assert.Null(TestDrive.Wait(reader).Error);
        Assert.True(drive.Holds(job));
        Assert.Equal(FileBytes % file.BlockBytes, job.Bytes);
        Assert.Equal(job.Bytes, reader.BytesRead);
    }

    [Fact]
    public void A_job_of_several_extents_is_read_again_after_it_completed()
    {
        using var drive = new TestDrive(FileBytes);
        var file = drive.Open();
        using var reader = new DriveReader();
        using var memory = new PinnedMemory(1 << 20);
        var job = new ReadJob();
        for (var round = 0; round < 3; round++)
        {
            var block = file.BlockBytes;
            var first = new ReadExtent(file, round * 3 * block, memory.Bytes.Slice(0, block));
            var second = new ReadExtent(file, (round + 10) * block, memory.Bytes.Slice(2 * block, 3 * block));
            job.Prepare([first, second], ReadPriority.Demand);
            reader.Submit(job);
            Assert.Same(job, TestDrive.Wait(reader));
            Assert.True(drive.Holds(job));
        }
    }

    [Fact]
    public void What_is_not_aligned_or_lies_outside_the_file_is_refused()
    {
        using var drive = new TestDrive(FileBytes);
        var file = drive.Open();
        var block = file.BlockBytes;
        using var memory = new PinnedMemory(8 << 20);
        Refuse(1, memory.Bytes.Slice(0, block));
        Refuse(0, memory.Bytes.Slice(1, block));
        Refuse(0, memory.Bytes.Slice(0, block - 1));
        Refuse(0, memory.Bytes.Slice(0, 0));
        Refuse(-block, memory.Bytes.Slice(0, block));
        Refuse(file.AlignUp(FileBytes), memory.Bytes.Slice(0, block));
        Refuse(0, memory.Bytes.Slice(0, file.AlignUp(FileBytes) + block));
        Assert.Throws<ArgumentException>(() => new ReadJob([], ReadPriority.Demand));

        void Refuse(long offset, ByteRegion target) =>
            Assert.Throws<ArgumentException>(() => new ReadJob([new ReadExtent(file, offset, target)], ReadPriority.Demand));
    }

    [Theory]
    [InlineData(0, 1 << 20)]
    [InlineData(257, 1 << 20)]
    [InlineData(4, 4096)]
    [InlineData(4, 128 << 20)]
    [InlineData(4, 100_000)]
    public void Options_outside_their_range_are_refused(int depth, int blockBytes) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new DriveReader(new() { Depth = depth, BlockBytes = blockBytes }));

    [Fact]
    public void A_job_is_with_one_reader_at_a_time_and_must_be_prepared()
    {
        using var drive = new TestDrive(FileBytes);
        using var reader = FakeBackend.Reader(_ => null, out var backend);
        var job = drive.Job(drive.Open(), 0, 1);
        reader.Submit(job);
        Assert.Throws<InvalidOperationException>(() => reader.Submit(job));
        Assert.Throws<InvalidOperationException>(() => job.Prepare(job.Extents, ReadPriority.Demand));
        backend.Release();
        Assert.Same(job, TestDrive.Wait(reader));
        Assert.Throws<InvalidOperationException>(() => reader.Submit(new ReadJob()));
        reader.Dispose();
        Assert.Throws<ObjectDisposedException>(() => reader.Submit(job));
    }

    [Theory]
    [InlineData(ReadBackendKind.Threads)]
    [InlineData(ReadBackendKind.Uring)]
    public void Many_threads_may_submit_and_take(ReadBackendKind backend)
    {
        Backends.SkipUnlessWorking(backend);
        const int Threads = 6;
        const int Jobs = 150;
        using var drive = new TestDrive(FileBytes);
        var file = drive.Open();
        using var reader = new DriveReader(new() { Backend = backend, Depth = 8, BlockBytes = 64 << 10 });
        var taken = 0;
        var wrong = 0;
        var pending = Enumerable.Range(0, Threads * Jobs).Select(i => drive.Job(file, i * 4099L % (FileBytes - 200_000), 100_000, (ReadPriority)(i % 2))).ToArray();
        Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, thread =>
        {
            for (var i = 0; i < Jobs; i++)
            {
                reader.Submit(pending[(thread * Jobs) + i]);
                reader.Promote(pending[(thread * Jobs) + (i / 2)]);
                if (reader.TryTakeCompleted(out var job))
                {
                    Interlocked.Increment(ref taken);
                    Interlocked.Add(ref wrong, drive.Holds(job) && job.Error is null ? 0 : 1);
                }
            }
        });
        for (; taken < Threads * Jobs; taken++)
        {
            Assert.True(drive.Holds(TestDrive.Wait(reader)));
        }

        Assert.Equal(0, wrong);
        Assert.All(pending, job => Assert.True(job.IsCompleted));
        Assert.True(reader.IsIdle);
    }
}
