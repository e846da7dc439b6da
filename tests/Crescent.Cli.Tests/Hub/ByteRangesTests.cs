using Crescent.Cli.Hub;
using Xunit;

namespace Crescent.Tests.Hub;

public sealed class ByteRangesTests
{
    [Fact]
    public void Ranges_are_a_set_of_bytes()
    {
        const int Size = 60;
        var random = new Random(1);
        for (var round = 0; round < 500; round++)
        {
            var ranges = new ByteRanges();
            var bytes = new bool[Size];
            for (var i = random.Next(8); i > 0; i--)
            {
                var start = random.Next(Size);
                var end = random.Next(start, Size + 1);
                ranges.Add(new ByteRange(start, end));
                bytes.AsSpan(start, end - start).Fill(true);
            }

            var step = random.Next(1, 20);
            var missing = ranges.Missing(Size, step);
            Assert.Equal(bytes.Count(set => set), ranges.Total);
            Assert.Equal(bytes.TakeWhile(set => set).Count(), ranges.Prefix);
            Assert.All(missing, range => Assert.InRange(range.Length, 1, step));
            Assert.Equal(
                Enumerable.Range(0, Size).Where(at => !bytes[at]),
                missing.SelectMany(range => Enumerable.Range((int)range.Start, (int)range.Length)));
        }
    }

    [Fact]
    public void A_file_of_nothing_lacks_nothing() => Assert.Empty(new ByteRanges().Missing(0, 10));

    [Fact]
    public void A_step_longer_than_any_file_takes_it_whole() =>
        Assert.Equal([new ByteRange(0, 1L << 50)], new ByteRanges().Missing(1L << 50, long.MaxValue));
}
