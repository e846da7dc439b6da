using System.Runtime.InteropServices;

namespace Crescent.Kernels.Memory;

/// <summary>The calls by which a platform takes hints about memory. Every one is advice: where a platform lacks it, nothing happens.</summary>
internal static unsafe partial class PlatformMemory
{
    private const int MadviseWillNeed = 3;
    private const int MadviseHugePage = 14;

    /// <summary>Asks for transparent huge pages over whole pages of the range (Linux, where the default is "madvise").</summary>
    public static void AdviseHugePages(byte* address, long bytes)
    {
        if (OperatingSystem.IsLinux())
        {
            Advise(address, bytes, MadviseHugePage);
        }
    }

    /// <summary>Asks the kernel to read a mapped range ahead.</summary>
    public static void AdviseWillNeed(byte* address, long bytes)
    {
        if (OperatingSystem.IsLinux())
        {
            Advise(address, bytes, MadviseWillNeed);
        }
    }

    private static void Advise(byte* address, long bytes, int advice)
    {
        var page = Environment.SystemPageSize;
        var start = ((nint)address + page - 1) / page * page;
        var length = (nint)address + (nint)bytes - start;
        if (length > 0)
        {
            // Advice only: a refusal changes speed, never the result.
            _ = Madvise(start, length, advice);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Madvise(nint address, nint length, int advice);
}
