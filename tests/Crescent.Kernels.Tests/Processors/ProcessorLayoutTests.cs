using Crescent.Kernels.Processors;
using Xunit;

namespace Crescent.Kernels.Tests.Processors;

public sealed class ProcessorLayoutTests
{
    // Linux numbers siblings either half the processors apart or side by side; both occur.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Siblings_count_as_one_core(bool adjacent)
    {
        using var machine = new RecordedMachine()
            .WithProcessors(16, i => adjacent ? $"{i & ~1}-{i | 1}" : $"{i % 8},{(i % 8) + 8}")
            .Allowing("0-15", "0").With("/sys/devices/system/node/has_memory", "0");
        var layout = ProcessorLayout.Read(machine.Root);
        Assert.Equal(Enumerable.Range(0, 16), layout.Processors);
        Assert.Equal(8, layout.Cores);
        Assert.Null(layout.Quota);
        Assert.Equal([0], layout.MemoryNodes);
        Assert.Equal(8, layout.DefaultThreads(16));
        Assert.Equal(5, layout.DefaultThreads(5)); // the runtime's count is an upper bound
    }

    [Fact]
    public void Two_sockets_give_all_their_cores_and_both_nodes()
    {
        using var machine = new RecordedMachine()
            .WithProcessors(128, i => $"{i % 64},{(i % 64) + 64}")
            .Allowing("0-127", "0-1").With("/sys/devices/system/node/has_memory", "0-1");
        var layout = ProcessorLayout.Read(machine.Root);
        Assert.Equal(64, layout.DefaultThreads(128));
        Assert.Equal([0, 1], layout.MemoryNodes);
    }

    [Fact]
    public void A_process_bound_to_one_socket_uses_that_one()
    {
        using var machine = new RecordedMachine()
            .WithProcessors(128, i => $"{i % 64},{(i % 64) + 64}")
            .Allowing("32-63,96-127", "1").With("/sys/devices/system/node/has_memory", "0-1");
        var layout = ProcessorLayout.Read(machine.Root);
        Assert.Equal(32, layout.DefaultThreads(64));
        Assert.Equal([1], layout.MemoryNodes);
    }

    [Fact]
    public void A_node_without_memory_is_none()
    {
        using var machine = new RecordedMachine().Allowing("0-3", "0-2").With("/sys/devices/system/node/has_memory", "0,2");
        Assert.Equal([0, 2], ProcessorLayout.Read(machine.Root).MemoryNodes);
    }

    [Theory]
    [InlineData("0,1,2", 3)]
    [InlineData("0,4,2", 2)] // 0 and 4 are siblings
    public void A_cpuset_of_three_has_the_cores_it_has(string cpuset, int threads)
    {
        using var machine = new RecordedMachine().WithProcessors(8, i => $"{i % 4},{(i % 4) + 4}").Allowing(cpuset, "0");
        Assert.Equal(threads, ProcessorLayout.Read(machine.Root).DefaultThreads(3));
    }

    [Fact]
    public void Processors_that_went_offline_are_not_counted()
    {
        using var machine = new RecordedMachine().WithProcessors(4, i => $"{i}").Allowing("0-255", "0");
        Assert.Equal(4, ProcessorLayout.Read(machine.Root).DefaultThreads(256));
    }

    [Fact]
    public void Older_kernels_tell_siblings_under_another_name()
    {
        using var machine = new RecordedMachine().Allowing("0-3", "0");
        for (var i = 0; i < 4; i++)
        {
            machine.With($"/sys/devices/system/cpu/cpu{i}/topology/thread_siblings_list", $"{i % 2},{(i % 2) + 2}");
        }

        Assert.Equal(2, ProcessorLayout.Read(machine.Root).DefaultThreads(4));
    }

    // As on Windows and macOS, or where /proc and /sys are hidden.
    [Theory]
    [InlineData(1)]
    [InlineData(12)]
    public void Without_any_files_the_count_of_the_runtime_stands(int processors)
    {
        using var machine = new RecordedMachine();
        var layout = ProcessorLayout.Read(machine.Root);
        Assert.Empty(layout.Processors);
        Assert.Empty(layout.MemoryNodes);
        Assert.Null(layout.Quota);
        Assert.Equal(processors, layout.DefaultThreads(processors));
    }

    [Theory]
    [InlineData(0.05, 1)]
    [InlineData(1, 1)]
    [InlineData(1.5, 2)]
    [InlineData(2.0, 2)]
    [InlineData(7.01, 8)]
    [InlineData(1e300, 8)]
    public void A_quota_is_rounded_up_and_bounds_the_threads(double quota, int threads) =>
        Assert.Equal(threads, new ProcessorLayout([.. Enumerable.Range(0, 8)], 8, quota, [0]).DefaultThreads(8));

    [Fact]
    public void This_machine_is_read_without_an_error()
    {
        var threads = ProcessorLayout.ThreadsOrDefault(0);
        Assert.InRange(threads, 1, Environment.ProcessorCount);
        Assert.Equal(7, ProcessorLayout.ThreadsOrDefault(7));
        Assert.InRange(ProcessorLayout.Current.Cores, OperatingSystem.IsLinux() ? 1 : 0, 1 << 16);
    }

    [Theory]
    [InlineData("0", new[] { 0 })]
    [InlineData("0-3,8", new[] { 0, 1, 2, 3, 8 })]
    [InlineData("7,5-6", new[] { 5, 6, 7 })]
    [InlineData(" 1 , 2\n", new[] { 1, 2 })]
    [InlineData("", new int[0])]
    [InlineData(null, new int[0])]
    [InlineData("3-1", new int[0])]
    [InlineData("a-b", new int[0])]
    [InlineData("-1", new int[0])]
    [InlineData("0-1-2", new int[0])]
    [InlineData("0-4000000000", new int[0])]
    [InlineData("0-2000000000", new int[0])]
    public void Lists_are_read_and_nonsense_is_none(string? text, int[] expected) => Assert.Equal(expected, ProcessorList.Parse(text));
}
