using System.Text;
using Crescent.Text.Answers;

namespace Crescent.Text.Tests.Answers;

public sealed class StopStringTests
{
    [Theory]
    [InlineData("abcabd", "abd", "abc")] // a false start inside a false start
    [InlineData("aaaab", "aab", "aa")]
    [InlineData("one two", "two", "one ")]
    [InlineData("one two", "three", "one two")]
    [InlineData("two", "two", "")]
    public void Text_is_cut_where_a_stop_string_begins(string text, string stop, string expected) => Assert.Equal(expected, Run(text, [stop], new Random(0), 1));

    [Fact]
    public void Nothing_of_a_stop_string_is_given_out_before_it_is_certain()
    {
        var matcher = new StopStringMatcher(["<end>"]);
        var output = new StringBuilder();
        Assert.False(matcher.Push("text<", output));
        Assert.Equal("text", output.ToString());
        Assert.False(matcher.Push("en", output));
        Assert.Equal("text", output.ToString());
        Assert.False(matcher.Push("ough", output));
        Assert.Equal("text<enough", output.ToString());
        Assert.True(matcher.Push("<end>more", output));
        Assert.Equal("text<enough", output.ToString());
    }

    [Fact]
    public void What_is_held_back_at_the_end_is_text()
    {
        var matcher = new StopStringMatcher(["<end>"]);
        var output = new StringBuilder();
        matcher.Push("text<en", output);
        matcher.Flush(output);
        Assert.Equal("text<en", output.ToString());
    }

    [Fact]
    public void The_cut_does_not_depend_on_how_the_text_arrives()
    {
        var random = new Random(1);
        for (var round = 0; round < 2000; round++)
        {
            var text = Text(random, 12);
            string[] stops = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Text(random, random.Next(1, 5)))];
            var expected = Cut(text, stops);
            for (var pieces = 1; pieces <= 12; pieces += 3)
            {
                Assert.Equal((text, string.Join('|', stops), expected), (text, string.Join('|', stops), Run(text, stops, random, pieces)));
            }
        }
    }

    // The stop string that is complete first ends the text; of those complete at once, the longest.
    private static string Cut(string text, string[] stops)
    {
        for (var end = 1; end <= text.Length; end++)
        {
            var longest = stops.Where(stop => text.AsSpan(0, end).EndsWith(stop, StringComparison.Ordinal)).Select(stop => stop.Length).DefaultIfEmpty(0).Max();
            if (longest > 0)
            {
                return text[..(end - longest)];
            }
        }

        return text;
    }

    private static string Run(string text, string[] stops, Random random, int pieces)
    {
        var matcher = new StopStringMatcher(stops);
        var output = new StringBuilder();
        int[] cuts = [0, .. Enumerable.Range(0, pieces - 1).Select(_ => random.Next(text.Length + 1)).Order(), text.Length];
        for (var i = 1; i < cuts.Length; i++)
        {
            if (matcher.Push(text.AsSpan(cuts[i - 1], cuts[i] - cuts[i - 1]), output))
            {
                return output.ToString();
            }
        }

        matcher.Flush(output);
        return output.ToString();
    }

    private static string Text(Random random, int length) => new([.. Enumerable.Range(0, length).Select(_ => "abc"[random.Next(3)])]);
}
