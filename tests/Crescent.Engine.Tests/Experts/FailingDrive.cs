using Crescent.Engine.Experts;
using Crescent.Kernels.Storage;
using Crescent.Kernels.Tests.Storage;

namespace Crescent.Tests.Experts;

/// <summary>A drive under the test's control: what <see cref="Respond"/> returns is the result of a read, null keeps it in flight.</summary>
internal sealed class FailingDrive
{
    private const int BlockBytes = 64 << 10;

    private readonly List<FakeBackend> _backends = [];

    public Func<ReadBlock, int?> Respond { get; set; } = block => FakeBackend.Read(block);

    /// <summary>Options of a store whose reads come here.</summary>
    public ExpertStoreOptions Options(int slots, TimeSpan? stall = null, int depth = 4) => Streamed.Slots(slots) with
    {
        Drive = new DriveReaderOptions { Depth = depth, BlockBytes = BlockBytes, DisposeTimeout = TimeSpan.FromSeconds(1) },
        StallTimeout = stall ?? TimeSpan.FromMinutes(1),
        CreateReader = options => new DriveReader(options, (_, completed) =>
        {
            _backends.Add(new FakeBackend(block => Respond(block), completed));
            return _backends[^1];
        }),
    };

    /// <summary>Ends a read that was kept in flight, with its bytes.</summary>
    public void Release() => _backends[^1].Release();
}
