using Crescent.Kernels.Memory;

namespace Crescent.Kernels.Threading;

/// <summary>Scratch memory of a pool's threads, kept between dispatches so that they allocate nothing. Belongs to whoever holds the pool's current dispatch.</summary>
internal sealed unsafe class WorkerScratch(int workers) : IDisposable
{
    private readonly AlignedBuffer<byte>?[] _buffers = new AlignedBuffer<byte>?[workers];
    private AlignedBuffer<byte>? _shared;

    /// <summary>Makes sure that every worker has <paramref name="bytes"/>, and all together <paramref name="sharedBytes"/>. Call before the dispatch; contents are lost.</summary>
    public void Reserve(long bytes, long sharedBytes)
    {
        for (var i = 0; i < _buffers.Length; i++)
        {
            Grow(ref _buffers[i], bytes);
        }

        Grow(ref _shared, sharedBytes);
    }

    /// <summary>The memory of one worker, aligned to a cache line.</summary>
    public byte* Of(int worker) => _buffers[worker]!.Address;

    /// <summary>The memory that the dispatching thread prepares for all workers.</summary>
    public byte* Shared() => _shared!.Address;

    public void Dispose()
    {
        foreach (var buffer in _buffers)
        {
            buffer?.Dispose();
        }

        _shared?.Dispose();
    }

    private static void Grow(ref AlignedBuffer<byte>? buffer, long bytes)
    {
        if (buffer is null || buffer.Length < bytes)
        {
            buffer?.Dispose();
            buffer = new AlignedBuffer<byte>(Math.Max(bytes, 64));
        }
    }
}
