using System.Runtime.InteropServices;
using Crescent.Kernels.Processors;

namespace Crescent.Kernels.Memory;

/// <summary>The calls by which a platform takes hints about memory. Every one is advice: where a platform lacks it, nothing happens.</summary>
internal static unsafe partial class PlatformMemory
{
    private const int MadviseDontNeed = 4;
    private const int MadviseHugePage = 14;
    private const int MadvisePageOut = 21; // Linux 5.4; the system may refuse it for files of others
    private const int MadvisePopulateRead = 22; // Linux 5.14; older kernels refuse it

    /// <summary>Asks for transparent huge pages over whole pages of the range (Linux, where the default is "madvise").</summary>
    public static void AdviseHugePages(byte* address, long bytes)
    {
        if (OperatingSystem.IsLinux())
        {
            Advise(address, bytes, MadviseHugePage);
        }
    }

    /// <summary>Fills the page tables of a mapped range, reading what is not in memory yet. Returns when that is done, false where the system cannot.</summary>
    public static bool Populate(byte* address, long bytes)
    {
        var nodes = ProcessorLayout.Current.MemoryNodes;
        var interleaved = nodes.Count > 1 && NodeMemory.TryBeginInterleaving(nodes);
        try
        {
            return OperatingSystem.IsLinux() && Advise(address, bytes, MadvisePopulateRead);
        }
        finally
        {
            if (interleaved)
            {
                NodeMemory.EndInterleaving();
            }
        }
    }

    /// <summary>Gives the memory of a mapped, unchanged range back; a later read finds the file's bytes again.</summary>
    public static void Release(byte* address, long bytes)
    {
        if (OperatingSystem.IsLinux())
        {
            Advise(address, bytes, MadviseDontNeed);
        }
    }

    /// <summary>As <see cref="Release"/>, and asks the system to forget the file's bytes as well: they would push others out.</summary>
    public static void ReleaseCached(byte* address, long bytes)
    {
        if (OperatingSystem.IsLinux())
        {
            Advise(address, bytes, MadvisePageOut);
            Advise(address, bytes, MadviseDontNeed);
        }
    }

    // Advice only: a refusal changes speed, never the result.
    private static bool Advise(byte* address, long bytes, int advice)
    {
        var page = Environment.SystemPageSize;
        var start = ((nint)address + page - 1) / page * page;
        var length = (nint)address + (nint)bytes - start;
        return length <= 0 || Madvise(start, length, advice) == 0;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Madvise(nint address, nint length, int advice);
}
