using Crescent.Kernels.Memory;
using Crescent.Kernels.Processors;
using Crescent.Kernels.Threading;

namespace Crescent.Cli.Benchmarks;

/// <summary>Read bandwidth of memory with as many threads as a model will run on.</summary>
internal static class BandwidthProbe
{
    private const long LeastBytes = 64 << 20;
    private const long MostBytes = 4L << 30;
    private const int Passes = 4;

    /// <summary>Bytes a second, over 4 GiB of memory, or over less where the model's file and that much do not fit together.</summary>
    /// <param name="threads">0 for one a physical core.</param>
    /// <param name="memoryLimit">Most memory of the process, of which half is measured at most; null for no limit.</param>
    public static double Measure(int threads, long modelBytes, Terminal terminal, long? memoryLimit = null)
    {
        terminal.Detail("measuring read bandwidth");
        using var pool = new ComputePool(ProcessorLayout.ThreadsOrDefault(threads));
        var free = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes - modelBytes;
        var most = Math.Clamp((memoryLimit ?? long.MaxValue) / 2, LeastBytes, MostBytes);
        return ReadBandwidth.Measure(pool, Math.Clamp(free / 3, LeastBytes, most), Passes);
    }
}
