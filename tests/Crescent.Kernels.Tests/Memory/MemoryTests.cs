using System.Runtime.CompilerServices;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;
using Xunit;

namespace Crescent.Kernels.Tests.Memory;

public class MemoryTests
{
    [Fact]
    public void A_buffer_is_zeroed_aligned_and_bounded()
    {
        using var buffer = new AlignedBuffer<float>(1000);
        Assert.Equal(1000, buffer.Length);
        Assert.Equal(4000, buffer.Bytes.Length);
        Assert.All(buffer.Span(0, 1000).ToArray(), value => Assert.Equal(0, value));
        buffer[999] = 5;
        Assert.Equal(5, buffer.Span(999, 1)[0]);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer[1000]);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer[-1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Span(1, 1000).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Span(-1, 1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Span(0, -1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Span(long.MaxValue, 1).Length);
        Assert.Equal(0, buffer.Span(1000, 0).Length);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 37)]
    public void The_bandwidth_probe_ends_with_a_rate(int threads, int mebibytes)
    {
        using var pool = new ComputePool(threads);
        Assert.InRange(ReadBandwidth.Measure(pool, (long)mebibytes << 20, 2), 1, double.MaxValue);
    }

    [Fact]
    public void A_large_buffer_is_zeroed_and_takes_no_memory_before_it_is_touched()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc/self/statm");
        const int Length = 512 << 20;
        var before = ResidentBytes();
        using var buffer = new AlignedBuffer<byte>(Length);
        Assert.InRange(ResidentBytes() - before, long.MinValue, Length / 4);
        foreach (var index in (int[])[0, 1, Length / 2, Length - 1])
        {
            Assert.Equal(0, buffer[index]);
        }

        using (var used = new AlignedBuffer<byte>(Length / 8))
        {
            used.Span(0, Length / 8).Fill(7);
        }

        using var again = new AlignedBuffer<byte>(Length / 8);
        Assert.Equal(-1, again.Span(0, Length / 8).IndexOfAnyExcept((byte)0));

        static long ResidentBytes() => long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1]) * Environment.SystemPageSize;
    }

    [Fact]
    public void A_buffers_address_is_that_of_a_cache_line()
    {
        foreach (var length in (int[])[1, 3, 100, 3 << 20])
        {
            using var buffer = new AlignedBuffer<byte>(length);
            Assert.Equal(0, Unsafe.ByteOffset(ref Unsafe.NullRef<byte>(), ref buffer[0]) % 64);
        }
    }

    [Fact]
    public void A_disposed_buffer_is_not_read()
    {
        var buffer = new AlignedBuffer<int>(4);
        buffer.Dispose();
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => buffer[0]);
        Assert.Throws<ObjectDisposedException>(() => buffer.Span(0, 1).Length);
        Assert.Throws<ObjectDisposedException>(() => buffer.Bytes);
    }

    [Fact]
    public void Lengths_that_no_memory_has_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new AlignedBuffer<int>(-1));
        Assert.Throws<OverflowException>(() => new AlignedBuffer<long>(long.MaxValue / 4));
    }

    [Fact]
    public void A_region_hands_out_what_lies_in_it()
    {
        using var buffer = new AlignedBuffer<byte>(100);
        for (var i = 0; i < 100; i++)
        {
            buffer[i] = (byte)i;
        }

        var region = buffer.Bytes.Slice(10, 50);
        Assert.Equal(50, region.Length);
        Assert.Equal([10, 11], region.Span(0, 2).ToArray());
        Assert.Equal([59], region.Span(49, 1).ToArray());
        Assert.Equal([35, 36], region.Slice(20, 10).Span(5, 2).ToArray());
        Assert.Equal(0, region.Slice(50, 0).Length);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, -1)]
    [InlineData(0, 51)]
    [InlineData(50, 1)]
    [InlineData(51, 0)]
    [InlineData(long.MaxValue, 1)]
    [InlineData(1, long.MaxValue)]
    [InlineData(long.MaxValue, long.MaxValue)]
    public void A_region_refuses_what_leaves_it(long offset, long length)
    {
        using var buffer = new AlignedBuffer<byte>(100);
        var exception = Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Bytes.Slice(10, 50).Slice(offset, length).Length);
        Assert.Contains("50 bytes", exception.Message, StringComparison.Ordinal);
        if (length is >= int.MinValue and <= int.MaxValue)
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Bytes.Slice(10, 50).Span(offset, (int)length).Length);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(70_001)]
    public void A_mapped_file_is_its_bytes(int length)
    {
        var path = Path.GetTempFileName();
        try
        {
            var bytes = new byte[length];
            new Random(length).NextBytes(bytes);
            File.WriteAllBytes(path, bytes);
            using (var file = MappedFile.Open(path))
            {
                file.PopulateInBackground();
                file.WaitUntilPopulated();
                Assert.Equal(path, file.Path);
                Assert.Equal(length, file.Bytes.Length);
                Assert.True(file.Bytes.Span(0, length).SequenceEqual(bytes));
                Assert.Throws<ArgumentOutOfRangeException>(() => file.Bytes.Span(0, length + 1).Length);
            }

            File.WriteAllBytes(path, [1]); // nothing holds it any more
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_file_that_is_not_there_is_an_IOException() =>
        Assert.ThrowsAny<IOException>(() => MappedFile.Open(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName())));
}
