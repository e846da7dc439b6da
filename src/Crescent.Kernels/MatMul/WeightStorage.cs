using Crescent.Kernels.Memory;

namespace Crescent.Kernels.MatMul;

/// <summary>
/// Where the bytes of a tensor's matrices are: in the mapped file, and after <see cref="MoveToHugePages"/> in memory of its own. Products may run
/// while it moves: they read whichever place is current, and both hold the same bytes. The bytes must be part of a <see cref="MappedFile"/>: their
/// pages are handed back after a move, which would destroy any other memory.
/// </summary>
public sealed unsafe class WeightStorage(ByteRegion mapped) : IDisposable
{
    private const int CopyBytes = 1 << 24;

    private readonly ByteRegion _mapped = mapped;
    private AlignedBuffer<byte>? _copy;
    private nint _shift; // from the mapped bytes to the current ones

    /// <summary>The tensor's bytes in the mapped file.</summary>
    public ByteRegion Mapped => _mapped;

    internal nint Shift => Volatile.Read(ref _shift);

    /// <summary>Copies the bytes to huge pages and hands the file's pages back to the system. A 4 KiB page of a mapped file costs an address translation that halves the speed of reading.</summary>
    /// <param name="forget">As for <see cref="ReleasePages"/>.</param>
    public void MoveToHugePages(CancellationToken cancellation, bool forget = false)
    {
        var copy = new AlignedBuffer<byte>(_mapped.Length, clear: false);
        for (long offset = 0; offset < _mapped.Length; offset += CopyBytes)
        {
            if (cancellation.IsCancellationRequested)
            {
                copy.Dispose();
                return;
            }

            var length = (int)Math.Min(CopyBytes, _mapped.Length - offset);
            _mapped.Span(offset, length).CopyTo(copy.Span(offset, length));
            if (forget)
            {
                PlatformMemory.ReleaseCached(_mapped.Address + offset, length);
            }
        }

        _copy = copy;
        Volatile.Write(ref _shift, (nint)(copy.Address - _mapped.Address));
        ReleasePages(forget);
    }

    /// <summary>Hands the file's pages back to the system: products read the bytes elsewhere. Who reads them here again finds them in the file.</summary>
    /// <param name="forget">Whether the system should not keep them either, because memory is scarce.</param>
    public void ReleasePages(bool forget)
    {
        if (forget)
        {
            PlatformMemory.ReleaseCached(_mapped.Address, _mapped.Length);
        }
        else
        {
            PlatformMemory.Release(_mapped.Address, _mapped.Length);
        }
    }

    public void Dispose()
    {
        Volatile.Write(ref _shift, 0);
        _copy?.Dispose();
    }
}
