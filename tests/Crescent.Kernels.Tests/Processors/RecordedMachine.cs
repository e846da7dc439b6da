namespace Crescent.Kernels.Tests.Processors;

/// <summary>A folder with the files by which Linux describes a machine, as they were read on one or as its documentation gives them.</summary>
internal sealed class RecordedMachine : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("crescent-machine-").FullName;

    public RecordedMachine With(string path, string text)
    {
        var file = Path.Join(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text + "\n");
        return this;
    }

    /// <summary>Processors whose siblings are told by the list of each.</summary>
    /// <param name="siblings">The siblings of processor i.</param>
    public RecordedMachine WithProcessors(int count, Func<int, string> siblings)
    {
        With("/sys/devices/system/cpu/online", $"0-{count - 1}");
        for (var i = 0; i < count; i++)
        {
            With($"/sys/devices/system/cpu/cpu{i}/topology/core_cpus_list", siblings(i));
        }

        return this;
    }

    /// <summary>What the process may use: lines of /proc/self/status among others.</summary>
    public RecordedMachine Allowing(string processors, string nodes) =>
        With("/proc/self/status", $"Name:\tcrescent\nCpus_allowed:\tffff\nCpus_allowed_list:\t{processors}\nMems_allowed:\t1\nMems_allowed_list:\t{nodes}\nvoluntary_ctxt_switches:\t1");

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
