using System.Diagnostics;
using Crescent.Kernels.Memory;
using Xunit;

namespace Crescent.Kernels.Tests.Memory;

public sealed class ResidentSetTests
{
    [Fact]
    public void It_is_what_the_system_says_and_grows_with_what_is_touched()
    {
        const long Touched = 256L << 20;
        using var process = Process.GetCurrentProcess();
        var before = ResidentSet.Bytes;
        Assert.InRange(before, process.WorkingSet64 * 0.7, process.WorkingSet64 * 1.4); // other tests run beside this one
        using var buffer = new AlignedBuffer<byte>(Touched);
        buffer.Span(0, (int)Touched).Fill(1);
        Assert.InRange(ResidentSet.Bytes - before, Touched * 0.7, double.MaxValue);
    }
}
