using System.Runtime.InteropServices;

namespace Crescent.Kernels.Threading;

/// <summary>How often the system has taken the processor from the calling thread for another (getrusage, Linux).</summary>
internal static unsafe partial class ThreadPreemptions
{
    private const int UsageOfThread = 1; // RUSAGE_THREAD
    private const int InvoluntarySwitches = 17; // two timevals, then 14 longs: ru_nivcsw is the last
    private const int Longs = 32;

    /// <summary>The count; always 0 where the system does not tell.</summary>
    public static long Count()
    {
        var usage = stackalloc long[Longs];
        return OperatingSystem.IsLinux() && sizeof(nint) == sizeof(long) && GetUsage(UsageOfThread, usage) == 0 ? usage[InvoluntarySwitches] : 0;
    }

    [LibraryImport("libc", EntryPoint = "getrusage")]
    private static partial int GetUsage(int who, long* usage);
}
