using Crescent.Kernels.Processors;
using Xunit;

namespace Crescent.Kernels.Tests.Processors;

public sealed class CgroupQuotaTests
{
    [Theory]
    [InlineData("150000 100000", 1.5)]
    [InlineData("50000 20000", 2.5)]
    [InlineData("max 100000", null)]
    [InlineData("", null)]
    [InlineData("-1 100000", null)]
    [InlineData("100000 0", null)]
    [InlineData("nonsense", null)]
    public void Version_2_is_read(string max, double? expected)
    {
        using var machine = new RecordedMachine().With("/proc/self/cgroup", "0::/work.slice/job.scope").With("/sys/fs/cgroup/work.slice/job.scope/cpu.max", max);
        Assert.Equal(expected, Read(machine));
    }

    [Fact]
    public void The_least_of_a_group_and_those_above_it_counts()
    {
        using var machine = new RecordedMachine().With("/proc/self/cgroup", "0::/a/b/c")
            .With("/sys/fs/cgroup/a/cpu.max", "300000 100000")
            .With("/sys/fs/cgroup/a/b/cpu.max", "200000 100000")
            .With("/sys/fs/cgroup/a/b/c/cpu.max", "max 100000");
        Assert.Equal(2, Read(machine));
    }

    // Docker and Kubernetes without a namespace of their own: the path is the host's, the group is mounted at the root.
    [Theory]
    [InlineData("0::/")]
    [InlineData("0::/kubepods.slice/kubepods-burstable.slice/cri-containerd-1f.scope")]
    [InlineData("0::/../../elsewhere")]
    public void The_group_mounted_at_the_root_counts(string cgroup)
    {
        using var machine = new RecordedMachine().With("/proc/self/cgroup", cgroup).With("/sys/fs/cgroup/cpu.max", "250000 100000");
        Assert.Equal(2.5, Read(machine));
    }

    [Theory]
    [InlineData("4:cpu,cpuacct:/docker/1f", "/sys/fs/cgroup/cpu,cpuacct/docker/1f")]
    [InlineData("4:cpu,cpuacct:/docker/1f", "/sys/fs/cgroup/cpu,cpuacct")]
    [InlineData("4:cpu,cpuacct:/docker/1f", "/sys/fs/cgroup/cpu/docker")]
    [InlineData("1:cpu:/", "/sys/fs/cgroup/cpu")]
    public void Version_1_is_read(string cgroup, string folder)
    {
        using var machine = new RecordedMachine().With("/proc/self/cgroup", $"9:name=systemd:/\n3:cpuset:/\n{cgroup}\n2:memory:/x")
            .With($"{folder}/cpu.cfs_quota_us", "150000").With($"{folder}/cpu.cfs_period_us", "100000");
        Assert.Equal(1.5, Read(machine));
    }

    [Fact]
    public void Version_1_without_a_limit_says_minus_one()
    {
        using var machine = new RecordedMachine().With("/proc/self/cgroup", "1:cpu:/")
            .With("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1").With("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000");
        Assert.Null(Read(machine));
    }

    [Fact]
    public void Both_versions_at_once_give_the_tighter_limit()
    {
        using var machine = new RecordedMachine().With("/proc/self/cgroup", "1:cpu:/a\n0::/b")
            .With("/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "400000").With("/sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000")
            .With("/sys/fs/cgroup/unified/b/cpu.max", "300000 100000");
        Assert.Equal(3, Read(machine));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("no colons")]
    [InlineData("0::/nowhere")]
    public void Nothing_to_read_is_no_limit(string? cgroup)
    {
        using var machine = new RecordedMachine();
        if (cgroup is not null)
        {
            machine.With("/proc/self/cgroup", cgroup);
        }

        Assert.Null(Read(machine));
    }

    private static double? Read(RecordedMachine machine) => CgroupQuota.Read(new SystemFiles(machine.Root));
}
