using Crescent.Kernels.Memory;

namespace Crescent.Kernels.Storage;

/// <summary>
/// Zeroed memory for the targets of reads: whole pages taken from the system and given back to it by Dispose, so that the process's resident set shrinks.
/// From 2 MiB on it begins at a multiple of 2 MiB and asks for huge pages, else at a page. Pages take memory when they are first written to, or locked.
/// </summary>
public sealed unsafe class PinnedMemory : IDisposable
{
    private const int HugePageBytes = 2 << 20;

    private readonly Lock _gate = new();
    private SystemPages.Mapping _mapping;
    private int _holds; // of reads that may write to it
    private bool _disposed;

    /// <param name="bytes">Rounded up to a multiple of 64 KiB.</param>
    /// <exception cref="InsufficientMemoryException">The system has no such range.</exception>
    public PinnedMemory(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        Length = checked(bytes + SystemPages.GranularityBytes - 1) & -(long)SystemPages.GranularityBytes;
        var isHuge = Length >= HugePageBytes;
        _mapping = SystemPages.Map(Length, isHuge ? HugePageBytes : SystemPages.GranularityBytes);
        if (isHuge)
        {
            PlatformMemory.AdviseHugePages(_mapping.Address, Length);
        }
    }

    ~PinnedMemory() => Free();

    /// <summary>Length in bytes.</summary>
    public long Length { get; }

    /// <summary>Whether the pages stay in physical memory whatever else wants it.</summary>
    public bool IsLocked { get; private set; }

    /// <summary>The whole of it.</summary>
    public ByteRegion Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return new ByteRegion(_mapping.Address, Length);
        }
    }

    internal nint Address => _mapping.AlignedStart;

    /// <summary>
    /// Locks all pages in physical memory: on Linux each as it is first written to, elsewhere at once. False where the system refuses (an unprivileged user may lock little), or the
    /// process may not have so much memory: a privileged one would be killed for trying.
    /// </summary>
    public bool TryLock()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return IsLocked = IsLocked
                || (Length < GC.GetGCMemoryInfo().TotalAvailableMemoryBytes && SystemPages.TryLock(_mapping.Address, Length));
        }
    }

    /// <summary>Makes a part take physical memory now; returns when it does. What it holds stays.</summary>
    public void Populate(long offset, long bytes)
    {
        var part = Bytes.Slice(offset, bytes);
        SystemPages.Populate(part.Address, part.Length);
    }

    /// <summary>
    /// Gives the physical memory of a part back to the system, whole pages of it; what they held is lost, and they may be written to again. No read may be
    /// under way there.
    /// </summary>
    public void Discard(long offset, long bytes)
    {
        lock (_gate)
        {
            var part = Bytes.Slice(offset, bytes);
            SystemPages.Discard(part.Address, part.Length, IsLocked);
        }
    }

    /// <summary>Gives the memory back: at once, or when the last read into it has ended.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            if (_holds == 0)
            {
                Free();
                GC.SuppressFinalize(this);
            }
        }
    }

    /// <summary>Keeps the memory from being given back until <see cref="LetGo"/>.</summary>
    internal void Hold()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _holds++;
        }
    }

    internal void LetGo()
    {
        lock (_gate)
        {
            if (--_holds == 0 && _disposed)
            {
                Free();
            }
        }
    }

    // A finalizer may find a hold: of a read that never ended. Its memory is never given back.
    private void Free()
    {
        if (_mapping.Address != null && _holds == 0)
        {
            SystemPages.Unmap(_mapping);
            _mapping = default;
        }
    }
}
