using System.Collections.Concurrent;
using Crescent.Kernels.Storage;

namespace Crescent.Kernels.Tests.Storage;

/// <summary>
/// A backend under the test's control: each started block goes to <c>respond</c> on a thread of its own, in order; what that returns is the result, and null
/// keeps the block in flight until <see cref="Release"/>.
/// </summary>
internal sealed class FakeBackend : IReadBackend
{
    private readonly BlockingCollection<ReadBlock> _started = [];
    private readonly ConcurrentQueue<ReadBlock> _stalled = [];
    private readonly Func<ReadBlock, int?> _respond;
    private readonly Action<ReadBlock, int> _completed;

    public FakeBackend(Func<ReadBlock, int?> respond, Action<ReadBlock, int> completed)
    {
        _respond = respond;
        _completed = completed;
        new Thread(Run) { IsBackground = true }.Start();
    }

    public string Name => "fake";

    /// <summary>Offsets of the reads that began, in order.</summary>
    public ConcurrentQueue<long> Offsets { get; } = [];

    public bool IsStopped { get; private set; }

    /// <summary>Makes a reader on such a backend.</summary>
    public static DriveReader Reader(Func<ReadBlock, int?> respond, out FakeBackend backend, int depth = 1, TimeSpan? disposeTimeout = null)
    {
        FakeBackend? made = null;
        var options = new DriveReaderOptions { Depth = depth, BlockBytes = 64 << 10, DisposeTimeout = disposeTimeout ?? TimeSpan.FromSeconds(30) };
        var reader = new DriveReader(options, (_, completed) => made = new FakeBackend(respond, completed));
        backend = made!;
        return reader;
    }

    /// <summary>Reads the block as the system would.</summary>
    public static int Read(ReadBlock block, int length) => block.Read(length);

    /// <inheritdoc cref="Read(ReadBlock, int)"/>
    public static int Read(ReadBlock block) => Read(block, block.Length);

    /// <summary>Reads a block that was kept in flight.</summary>
    public void Release()
    {
        ReadBlock? block;
        while (!_stalled.TryDequeue(out block))
        {
            Thread.Yield();
        }

        _completed(block, Read(block));
    }

    public void Start(ReadBlock block) => _started.Add(block);

    public void Dispose() => IsStopped = true;

    private void Run()
    {
        foreach (var block in _started.GetConsumingEnumerable())
        {
            Offsets.Enqueue(block.Offset);
            if (_respond(block) is { } result)
            {
                _completed(block, result);
            }
            else
            {
                _stalled.Enqueue(block);
            }
        }
    }
}
