using System.Globalization;

namespace Crescent.Kernels.Processors;

/// <summary>How much processor time control groups grant this process (Linux Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/cpusets.rst; scheduler/sched-bwc.rst).</summary>
internal static class CgroupQuota
{
    private const string Mount = "/sys/fs/cgroup";

    /// <summary>The least quota of the process's group and those above it, in processors (1.5 is 150 ms in every 100); null where none limits it.</summary>
    public static double? Read(SystemFiles files)
    {
        double? least = null;
        foreach (var line in files.Lines("/proc/self/cgroup"))
        {
            // hierarchy:controllers:path; version 2 has hierarchy 0 and names no controller.
            if (line.Split(':', 3) is not [var hierarchy, var controllers, var path])
            {
                continue;
            }

            if (hierarchy == "0" && controllers.Length == 0)
            {
                least = Least(least, Walk(path, folder => Version2(files, folder), Mount, $"{Mount}/unified"));
            }
            else if (controllers.Split(',').Contains("cpu"))
            {
                least = Least(least, Walk(path, folder => Version1(files, folder), $"{Mount}/cpu", $"{Mount}/{controllers}"));
            }
        }

        return least;
    }

    // A group's limit holds for all groups in it. In a container the path may be the host's while its own group is mounted at the root: that comes last.
    private static double? Walk(string path, Func<string, double?> read, params ReadOnlySpan<string> mounts)
    {
        double? least = null;
        foreach (var mount in mounts)
        {
            for (var group = path.TrimEnd('/'); ; group = group[..Math.Max(group.LastIndexOf('/'), 0)])
            {
                least = Least(least, read(mount + group));
                if (group.Length == 0)
                {
                    break;
                }
            }
        }

        return least;
    }

    // cpu.max: "150000 100000" or "max 100000", microseconds in every period.
    private static double? Version2(SystemFiles files, string folder) =>
        files.Read($"{folder}/cpu.max")?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var quota, var period] ? Processors(quota, period) : null;

    // The quota is -1 where there is none.
    private static double? Version1(SystemFiles files, string folder) =>
        Processors(files.Read($"{folder}/cpu.cfs_quota_us"), files.Read($"{folder}/cpu.cfs_period_us"));

    private static double? Processors(string? quota, string? period) =>
        TryMicroseconds(quota, out var granted) && TryMicroseconds(period, out var every) ? (double)granted / every : null;

    private static bool TryMicroseconds(string? text, out long microseconds) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out microseconds) && microseconds > 0;

    private static double? Least(double? a, double? b) => a is null ? b : b is null ? a : Math.Min(a.Value, b.Value);
}
