using System.Runtime.InteropServices;

namespace Crescent.Kernels.Threading;

/// <summary>The priority of threads, which .NET does not set on Linux.</summary>
public static partial class ThreadPriorities
{
    private const int OfProcess = 0; // of a thread, on Linux
    private const int Lowest = 19;

    /// <summary>Lets the calling thread run only where no other wants the processor, as far as the system can: for work that has time.</summary>
    public static void GiveWay()
    {
        Thread.CurrentThread.Priority = ThreadPriority.Lowest;
        if (OperatingSystem.IsLinux())
        {
            _ = SetPriority(OfProcess, 0, Lowest);
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int priority);
}
