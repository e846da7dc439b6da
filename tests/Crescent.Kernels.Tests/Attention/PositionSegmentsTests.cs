using Crescent.Kernels.Attention;
using Xunit;

namespace Crescent.Kernels.Tests.Attention;

public class PositionSegmentsTests
{
    [Fact]
    public void Segments_cover_all_positions_one_after_the_other()
    {
        var index = 0;
        Assert.Equal(0, PositionSegments.Start(0));
        for (var start = 0; start < int.MaxValue; start = PositionSegments.Start(index))
        {
            var end = PositionSegments.Start(index + 1);
            Assert.True(end > start);
            Assert.Equal(0, start % 256);
            Assert.Equal(index, PositionSegments.IndexOf(start));
            Assert.Equal(index, PositionSegments.IndexOf(end - 1));
            Assert.InRange((long)end - start, 256, Math.Max(256, start / 16));
            index++;
        }

        Assert.Equal(32 + (16 * (31 - 13)), index);
    }

    [Theory]
    [InlineData(4096, 16)]
    [InlineData(32768, 64)]
    [InlineData(131072, 96)]
    public void Segments_are_short_at_first_and_few_at_depth(int length, int segments) => Assert.Equal(segments, PositionSegments.IndexOf(length));
}
