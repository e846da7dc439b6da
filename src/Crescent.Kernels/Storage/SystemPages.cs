using System.Runtime.InteropServices;

namespace Crescent.Kernels.Storage;

/// <summary>Pages taken from the system and given back to it, past the allocator, which would keep some.</summary>
internal static unsafe partial class SystemPages
{
    /// <summary>What lengths are multiples of, bytes: no platform's pages, or places to map at, are coarser.</summary>
    public const int GranularityBytes = 64 << 10;

    private const uint LockOnFault = 1;
    private const int ProtectReadWrite = 3;
    private const int MapPrivate = 2;
    private const int MapAnonymousLinux = 0x20;
    private const int MapAnonymousMac = 0x1000;
    private const int MapNoReserve = 0x4000; // Linux
    private const int DontNeed = 4;
    private const int PopulateWrite = 23; // Linux 5.14
    private const int MacFree = 5; // on macOS MADV_DONTNEED keeps the pages
    private const uint CommitAndReserve = 0x3000;
    private const uint PageReadWrite = 0x04;
    private const uint ReleaseMemory = 0x8000;

    /// <param name="alignment">A power of two, at least <see cref="GranularityBytes"/>.</param>
    /// <exception cref="InsufficientMemoryException">The system has no such range.</exception>
    public static Mapping Map(long bytes, int alignment)
    {
        // Neither system aligns further than a page or so: a longer range is taken and begins later.
        var length = checked((nint)(bytes + alignment));
        var start = OperatingSystem.IsWindows() ? VirtualAlloc(0, length, CommitAndReserve, PageReadWrite) : MapUnix(length);
        if (start is 0 or -1)
        {
            throw new InsufficientMemoryException($"the system has no {bytes} bytes of memory");
        }

        return new Mapping((byte*)((start + alignment - 1) & -(nint)alignment), start, length);
    }

    public static void Unmap(Mapping mapping)
    {
        if (OperatingSystem.IsWindows())
        {
            _ = VirtualFree(mapping.Start, 0, ReleaseMemory);
        }
        else
        {
            _ = UnmapUnix(mapping.Start, mapping.Length);
        }
    }

    /// <summary>Locks a range. On Linux its pages are locked as they are first touched, by whoever does: taking them all at once would hold the caller up.</summary>
    public static bool TryLock(byte* address, long bytes)
    {
        if (OperatingSystem.IsWindows())
        {
            return VirtualLock((nint)address, (nint)bytes);
        }

        if (OperatingSystem.IsLinux())
        {
            try
            {
                return LockLinux((nint)address, (nint)bytes, LockOnFault) == 0;
            }
            catch (EntryPointNotFoundException)
            {
                // A C library before 2015: all at once.
            }
        }

        return LockUnix((nint)address, (nint)bytes) == 0;
    }

    /// <summary>Makes a range of whole pages take physical memory.</summary>
    public static void Populate(byte* address, long bytes)
    {
        if (OperatingSystem.IsLinux() && AdviseUnix((nint)address, (nint)bytes, PopulateWrite) == 0)
        {
            return;
        }

        // A write that changes nothing, whoever else may write there.
        for (var page = 0L; page < bytes; page += Environment.SystemPageSize)
        {
            Interlocked.Or(ref *(int*)(address + page), 0);
        }
    }

    /// <summary>Gives the physical memory of the whole pages in a range back.</summary>
    public static void Discard(byte* address, long bytes, bool isLocked)
    {
        var page = Environment.SystemPageSize;
        var start = ((nint)address + page - 1) & -page;
        var length = (((nint)address + (nint)bytes) & -page) - start;
        if (length <= 0)
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            _ = isLocked && VirtualUnlock(start, length);
            _ = DiscardVirtualMemory(start, length);
            return;
        }

        // Locked pages cannot be given back. They are not locked again: the system's answer to that could not be told to anybody.
        _ = isLocked ? UnlockUnix(start, length) : 0;
        _ = AdviseUnix(start, length, OperatingSystem.IsMacOS() ? MacFree : DontNeed);
    }

    private static nint MapUnix(nint length)
    {
        var flags = MapPrivate | (OperatingSystem.IsMacOS() ? MapAnonymousMac : MapAnonymousLinux | MapNoReserve);
        return MapPages(0, length, ProtectReadWrite, flags, -1, 0);
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint MapPages(nint address, nint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int UnmapUnix(nint address, nint length);

    [LibraryImport("libc", EntryPoint = "mlock2")]
    private static partial int LockLinux(nint address, nint length, uint flags);

    [LibraryImport("libc", EntryPoint = "mlock")]
    private static partial int LockUnix(nint address, nint length);

    [LibraryImport("libc", EntryPoint = "munlock")]
    private static partial int UnlockUnix(nint address, nint length);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int AdviseUnix(nint address, nint length, int advice);

    [LibraryImport("kernel32")]
    private static partial nint VirtualAlloc(nint address, nint length, uint type, uint protection);

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool VirtualFree(nint address, nint length, uint type);

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool VirtualLock(nint address, nint length);

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool VirtualUnlock(nint address, nint length);

    [LibraryImport("kernel32")]
    private static partial uint DiscardVirtualMemory(nint address, nint length);

    /// <param name="AlignedStart">Where the aligned range begins.</param>
    /// <param name="Start">What the system gave, and takes back.</param>
    internal readonly record struct Mapping(nint AlignedStart, nint Start, nint Length)
    {
        public Mapping(byte* address, nint start, nint length)
            : this((nint)address, start, length)
        {
        }

        public byte* Address => (byte*)AlignedStart;
    }
}
