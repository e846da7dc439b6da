using Crescent.Kernels.Storage;
using Xunit;

namespace Crescent.Kernels.Tests.Storage;

/// <summary>With one read in flight the order of reads is the order of service.</summary>
public class ReadOrderTests
{
    private const int Block = 64 << 10;

    [Fact]
    public void A_demand_goes_before_what_is_read_ahead_even_in_the_middle_of_a_job()
    {
        using var drive = new TestDrive(8 * Block);
        var file = drive.Open();
        using var reader = FakeBackend.Reader(_ => null, out var backend);
        var ahead = drive.Job(file, 0, 2 * Block, ReadPriority.Ahead);
        var demand = drive.Job(file, 4 * Block, 2 * Block);
        reader.Submit(ahead);
        reader.Submit(demand);
        ReleaseAll(backend, 4);
        Assert.Same(demand, TestDrive.Wait(reader));
        Assert.Same(ahead, TestDrive.Wait(reader));
        Assert.Equal([0, 4 * Block, 5 * Block, Block], backend.Offsets);
        Assert.True(drive.Holds(ahead) && drive.Holds(demand));
    }

    [Fact]
    public void A_promoted_job_waits_behind_the_demands_before_it()
    {
        using var drive = new TestDrive(8 * Block);
        var file = drive.Open();
        using var reader = FakeBackend.Reader(_ => null, out var backend);
        ReadJob[] jobs =
        [
            drive.Job(file, 0, 1), drive.Job(file, Block, 1, ReadPriority.Ahead), drive.Job(file, 2 * Block, 1, ReadPriority.Ahead), drive.Job(file, 3 * Block, 1),
        ];
        Array.ForEach(jobs, reader.Submit);
        reader.Promote(jobs[2]);
        reader.Promote(jobs[2]);
        Assert.Equal(ReadPriority.Demand, jobs[2].Priority);
        reader.Submit(drive.Job(file, 4 * Block, 1));
        ReleaseAll(backend, 5);
        Assert.Equal([0, 3 * Block, 2 * Block, 4 * Block, Block], backend.Offsets);
    }

    [Fact]
    public void What_is_read_ahead_is_taken_back_as_far_as_it_has_not_begun()
    {
        using var drive = new TestDrive(8 * Block);
        var file = drive.Open();
        using var reader = FakeBackend.Reader(_ => null, out var backend);
        var begun = drive.Job(file, 0, 2 * Block, ReadPriority.Ahead);
        var waiting = drive.Job(file, 2 * Block, 1, ReadPriority.Ahead);
        var last = drive.Job(file, 3 * Block, 1, ReadPriority.Ahead);
        var demand = drive.Job(file, 4 * Block, 1);
        Array.ForEach([begun, waiting, last, demand], reader.Submit);
        Assert.False(reader.TryCancel(begun));
        Assert.True(begun.IsCancelled);
        Assert.Equal(Block, begun.StartedBytes);
        Assert.False(reader.TryCancel(begun));
        Assert.False(reader.TryCancel(demand));
        Assert.True(reader.TryCancel(waiting));
        Assert.False(reader.TryCancel(waiting));
        Assert.False(waiting.IsCompleted);
        ReleaseAll(backend, 3);
        Assert.Same(begun, TestDrive.Wait(reader));
        Assert.True(begun.IsCancelled);
        Assert.Null(begun.Error);
        Assert.Same(demand, TestDrive.Wait(reader));
        Assert.False(demand.IsCancelled);
        Assert.Same(last, TestDrive.Wait(reader));
        Assert.False(reader.TryCancel(last));
        Assert.Equal([0, 4 * Block, 3 * Block], backend.Offsets);
        waiting.Prepare(waiting.Extents, ReadPriority.Demand);
        reader.Submit(waiting);
        backend.Release();
        Assert.Same(waiting, TestDrive.Wait(reader));
        Assert.True(drive.Holds(waiting));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void No_more_reads_are_in_flight_than_the_depth(int depth)
    {
        using var drive = new TestDrive(8 * Block);
        using var reader = FakeBackend.Reader(_ => null, out var backend, depth);
        reader.Submit(drive.Job(drive.Open(), 0, 8 * Block));
        Assert.Equal(depth, reader.InFlight);
        ReleaseAll(backend, 8);
        TestDrive.Wait(reader);
        Assert.Equal(8, backend.Offsets.Count);
    }

    [Fact]
    public void Reads_ahead_leave_room_for_a_demand()
    {
        using var drive = new TestDrive(16 * Block);
        var file = drive.Open();
        using var reader = FakeBackend.Reader(_ => null, out var backend, depth: 6);
        var ahead = drive.Job(file, 0, 8 * Block, ReadPriority.Ahead);
        reader.Submit(ahead);
        Assert.Equal(new DriveReaderOptions().AheadDepth, reader.InFlight);
        reader.Submit(drive.Job(file, 8 * Block, Block));
        Assert.Equal(5, reader.InFlight);
        reader.Promote(ahead);
        Assert.Equal(6, reader.InFlight);
        ReleaseAll(backend, 9);
        Assert.Equal([0, Block, 2 * Block, 3 * Block, 8 * Block, 4 * Block, 5 * Block, 6 * Block, 7 * Block], backend.Offsets);
    }

    private static void ReleaseAll(FakeBackend backend, int count)
    {
        for (var i = 0; i < count; i++)
        {
            backend.Release();
        }
    }
}
