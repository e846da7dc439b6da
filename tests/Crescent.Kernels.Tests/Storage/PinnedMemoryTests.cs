using Crescent.Kernels.Memory;
using Crescent.Kernels.Storage;
using Xunit;

namespace Crescent.Kernels.Tests.Storage;

public class PinnedMemoryTests
{
    [Theory]
    [InlineData(1, 65536, 65536)]
    [InlineData(65537, 131072, 65536)]
    [InlineData(3 << 20, 3 << 20, 2 << 20)]
    public void Memory_is_aligned_zeroed_and_rounded_up(long bytes, long length, int alignment)
    {
        using var memory = new PinnedMemory(bytes);
        Assert.Equal(length, memory.Length);
        Assert.Equal(length, memory.Bytes.Length);
        Assert.Equal(0, memory.Address % alignment);
        Assert.Equal(-1, memory.Bytes.Span(0, (int)length).IndexOfAnyExcept((byte)0));
        Assert.False(memory.IsLocked);
        memory.Dispose();
        Assert.Throws<ObjectDisposedException>(() => memory.Bytes);
        Assert.Throws<ObjectDisposedException>(() => memory.TryLock());
    }

    [Fact]
    public void Disposed_and_discarded_memory_goes_back_to_the_system()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc/self/statm");
        const int Length = 512 << 20;
        var before = ResidentBytes();
        using var memory = new PinnedMemory(Length);
        memory.Bytes.Span(0, Length).Fill(1);
        Assert.InRange(ResidentBytes() - before, Length * 3L / 4, long.MaxValue);
        memory.Discard(0, Length / 2);
        Assert.InRange(ResidentBytes() - before, Length / 4, Length * 3L / 4);
        Assert.Equal(0, memory.Bytes.Span(Length / 2 - 1, 1)[0]);
        Assert.Equal(1, memory.Bytes.Span(Length / 2, 1)[0]);
        memory.Dispose();
        Assert.InRange(ResidentBytes() - before, long.MinValue, Length / 4);

        static long ResidentBytes() => long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1]) * Environment.SystemPageSize;
    }

    [Fact]
    public void Populated_memory_takes_physical_pages_and_keeps_what_it_holds()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc/self/statm");
        const int Length = 256 << 20;
        using var memory = new PinnedMemory(Length);
        memory.Bytes.Span(0, 1)[0] = 7;
        var before = ResidentSet.Bytes;
        memory.Populate(0, Length);
        Assert.InRange(ResidentSet.Bytes - before, Length * 3L / 4, Length * 5L / 4);
        Assert.Equal(7, memory.Bytes.Span(0, 1)[0]);
    }

    [Fact]
    public void Locked_memory_can_be_discarded_and_a_refused_lock_is_no_error()
    {
        using var memory = new PinnedMemory(1 << 20);
        Assert.Equal(memory.TryLock(), memory.IsLocked);
        memory.Bytes.Span(0, 1 << 20).Fill(3);
        memory.Discard(0, 1 << 20);
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere discarded pages may keep what they held");
        Assert.Equal(0, memory.Bytes.Span(5, 1)[0]);

    }

    [Fact]
    public void What_is_larger_than_memory_is_not_even_tried_to_be_locked()
    {
        using var memory = new PinnedMemory(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes + 1);
        Assert.False(memory.TryLock());
        Assert.False(memory.IsLocked);
    }

    [Fact]
    public void A_range_that_no_system_has_is_refused()
    {
        Assert.Throws<InsufficientMemoryException>(() => new PinnedMemory(1L << 56));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PinnedMemory(0));
    }

    [Fact]
    public void A_large_range_takes_no_memory_before_it_is_touched()
    {
        using var memory = new PinnedMemory(1L << 36);
        memory.Bytes.Span((1L << 36) - 8, 8).Fill(1);
        Assert.Equal(1, memory.Bytes.Span((1L << 36) - 1, 1)[0]);
    }
}
