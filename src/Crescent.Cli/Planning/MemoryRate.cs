using System.Globalization;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Processors;
using Crescent.Kernels.Threading;

namespace Crescent.Cli.Planning;

/// <summary>Bandwidth of memory from a short measurement, kept in the user's cache folder for later starts.</summary>
internal static class MemoryRate
{
    private const string Format = "crescent memory 1";
    private const long MostFileBytes = 4096;
    private const long LeastBytes = 64 << 20;
    private const long MostBytes = 256 << 20;
    private const int LimitShare = 8;
    private const int Passes = 2;
    private const double LeastRate = 1e6;
    private const double MostRate = 1e14;

    /// <summary>Bytes a second that so many threads read.</summary>
    /// <param name="threads">0 for one a physical core.</param>
    /// <param name="memoryLimit">Most memory of the process.</param>
    /// <param name="folder">Where it is kept; null for nowhere.</param>
    public static double Get(int threads, long memoryLimit, string? folder)
    {
        var count = ProcessorLayout.ThreadsOrDefault(threads);
        var key = string.Create(CultureInfo.InvariantCulture, $"{Machine.ProcessorName()}, {count} threads");
        var path = folder is null ? null : Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"memory-{count}.txt"));
        if (path is not null && TryRead(path, key) is { } kept)
        {
            return kept;
        }

        using var pool = new ComputePool(count);
        var rate = ReadBandwidth.Measure(pool, Math.Clamp(memoryLimit / LimitShare, LeastBytes, MostBytes), Passes);
        if (path is not null)
        {
            TrySave(path, key, rate);
        }

        return rate;
    }

    private static double? TryRead(string path, string key)
    {
        try
        {
            return new FileInfo(path) is { Exists: true, Length: <= MostFileBytes } && File.ReadAllLines(path) is [Format, var found, var text] && found == key
                && double.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var rate) && rate is >= LeastRate and <= MostRate
                    ? rate
                    : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void TrySave(string path, string key, double rate)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var partial = $"{path}.{Environment.ProcessId}.partial";
            File.WriteAllLines(partial, [Format, key, rate.ToString("F0", CultureInfo.InvariantCulture)]);
            File.Move(partial, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next start measures again.
        }
    }
}
