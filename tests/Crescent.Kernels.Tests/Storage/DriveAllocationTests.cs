using Crescent.Kernels.Storage;
using Xunit;

namespace Crescent.Kernels.Tests.Storage;

[CollectionDefinition(nameof(DriveAllocationTests), DisableParallelization = true)]
[Collection(nameof(DriveAllocationTests))]
public class DriveAllocationTests
{
    [Theory]
    [InlineData(ReadBackendKind.Threads)]
    [InlineData(ReadBackendKind.Uring)]
    public void Reading_allocates_nothing_once_it_is_under_way(ReadBackendKind backend)
    {
        Backends.SkipUnlessWorking(backend);
        using var drive = new TestDrive(5_000_000);
        using var reader = new DriveReader(new() { Backend = backend, BlockBytes = 64 << 10, Depth = 4 });
        var job = drive.Job(drive.Open(), 0, 5_000_000);
        for (var i = 0; i < 3; i++)
        {
            Read(reader, job);
        }

        var before = GC.GetTotalAllocatedBytes(precise: true);
        const int Rounds = 20;
        for (var i = 0; i < Rounds; i++)
        {
            Read(reader, job);
        }

        // Blocks are some 80 a round: one small object a block would be 38 KiB.
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 4096);

        static void Read(DriveReader reader, ReadJob job)
        {
            reader.Submit(job);
            TestDrive.Wait(reader);
        }
    }
}
