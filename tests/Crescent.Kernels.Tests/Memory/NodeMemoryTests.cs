using System.Runtime.InteropServices;
using Crescent.Kernels.Memory;
using Xunit;

namespace Crescent.Kernels.Tests.Memory;

/// <summary>On a machine with one node too the system takes, and tells, the policy of that one.</summary>
public sealed class NodeMemoryTests
{
    private const int Interleaved = 3;

    [Fact]
    public void A_buffer_is_interleaved()
    {
        RequirePolicies();
        using var buffer = new AlignedBuffer<byte>(4 << 20, clear: false);
        Assert.Equal(0, NodeMemory.PolicyOf(buffer.Bytes));
        Assert.True(NodeMemory.TryInterleave(buffer.Bytes, [0]));
        Assert.Equal(Interleaved, NodeMemory.PolicyOf(buffer.Bytes));
        Assert.False(NodeMemory.TryInterleave(buffer.Bytes, []));
        Assert.False(NodeMemory.TryInterleave(buffer.Bytes, [1 << 20]));
    }

    [Fact]
    public void What_a_thread_brings_in_is_interleaved_until_it_ends_that()
    {
        RequirePolicies();
        Assert.True(NodeMemory.TryBeginInterleaving([0]));
        Assert.Equal(Interleaved, NodeMemory.PolicyOfThread());
        Assert.False(NodeMemory.TryBeginInterleaving([0])); // a policy that is there stands
        NodeMemory.EndInterleaving();
        Assert.Equal(0, NodeMemory.PolicyOfThread());
    }

    private static void RequirePolicies() =>
        Assert.SkipUnless(NodeMemory.PolicyOfThread() == 0, $"the system tells no memory policy, or one is set ({RuntimeInformation.OSDescription})");
}
