namespace Crescent.Kernels.Processors;

/// <summary>The processors that this process may use, as far as the system tells.</summary>
/// <param name="Processors">Logical processors that it may run on (affinity, cpuset); empty where the system does not tell.</param>
/// <param name="Cores">Physical cores among them: processors that share one are its SMT siblings.</param>
/// <param name="Quota">Processors' worth of time that control groups grant; null for no limit.</param>
/// <param name="MemoryNodes">NUMA nodes that have memory it may use; empty where the system does not tell.</param>
public sealed record ProcessorLayout(IReadOnlyList<int> Processors, int Cores, double? Quota, IReadOnlyList<int> MemoryNodes)
{
    /// <summary>This machine, read once.</summary>
    public static ProcessorLayout Current { get; } = Read("/");

    /// <summary>
    /// Threads that compute where the user does not say: one a physical core. Two threads on one core share its vector units and its path to memory, which
    /// one of them fills, and add only the waiting for each other.
    /// </summary>
    /// <remarks>
    /// A quota is rounded up: the system stops all threads of the group alike once it is used up, so with 1.5 processors two threads still do 1.5 processors'
    /// work where one does 1. Threads are not pinned to processors: the scheduler spreads as many of them as there are cores over the cores, and can
    /// move one away from a processor that another process takes. With two sockets the threads of both work on one product: its weights lie on both
    /// (<see cref="MemoryNodes"/>), so each socket's memory gives its part.
    /// </remarks>
    /// <param name="processors">Upper bound: what the runtime counts.</param>
    public int DefaultThreads(int processors)
    {
        var threads = Math.Max(processors, 1);
        if (Cores > 0)
        {
            threads = Math.Min(threads, Cores);
        }

        return Quota is { } quota ? Math.Min(threads, Math.Max(1, (int)Math.Ceiling(Math.Min(quota, threads)))) : threads;
    }

    /// <summary>Threads to use where <paramref name="asked"/> is 0, else as many as asked for.</summary>
    public static int ThreadsOrDefault(int asked) => asked > 0 ? asked : Current.DefaultThreads(Environment.ProcessorCount);

    /// <summary>Reads a layout from the files of Linux below a folder; where they are absent, nothing is known and nothing limited.</summary>
    internal static ProcessorLayout Read(string root)
    {
        var files = new SystemFiles(root);
        var allowed = ProcessorList.Parse(files.ReadField("/proc/self/status", "Cpus_allowed_list"));
        var present = ProcessorList.Parse(files.Read("/sys/devices/system/cpu/online"));
        int[] processors = allowed.Length == 0 ? present : present.Length == 0 ? allowed : [.. allowed.Intersect(present)];
        return new ProcessorLayout(processors, CountCores(files, processors), CgroupQuota.Read(files), Nodes(files));
    }

    // Siblings are told by each of them with the same list; a processor without one counts as a core of its own.
    private static int CountCores(SystemFiles files, int[] processors) =>
        processors.Select(processor => FirstSibling(files, processor)).Distinct().Count();

    private static int FirstSibling(SystemFiles files, int processor)
    {
        var folder = $"/sys/devices/system/cpu/cpu{processor}/topology";
        var siblings = ProcessorList.Parse(files.Read($"{folder}/core_cpus_list") ?? files.Read($"{folder}/thread_siblings_list"));
        return siblings.Length > 0 ? siblings[0] : processor;
    }

    private static int[] Nodes(SystemFiles files)
    {
        var memory = ProcessorList.Parse(files.Read("/sys/devices/system/node/has_memory"));
        var allowed = ProcessorList.Parse(files.ReadField("/proc/self/status", "Mems_allowed_list"));
        return allowed.Length == 0 ? memory : [.. memory.Intersect(allowed)];
    }
}
