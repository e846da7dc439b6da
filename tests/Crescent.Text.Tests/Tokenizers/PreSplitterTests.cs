using System.Text;
using Crescent.Text.Tests.Support;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Tests.Tokenizers;

public class PreSplitterTests
{
    private static readonly Dictionary<string, PreSplitter> s_all = new()
    {
        ["kimi"] = PreSplitter.Kimi,
        ["o200k"] = PreSplitter.O200k,
        ["llama3"] = PreSplitter.Llama3,
        ["qwen2"] = PreSplitter.Qwen2,
        ["gpt2"] = PreSplitter.Gpt2,
        ["deepseek-v3"] = PreSplitter.DeepSeekV3,
        ["deepseek-coder"] = PreSplitter.DeepSeekCoder,
        ["deepseek-llm"] = PreSplitter.DeepSeekLlm,
    };

    [Theory]
    [InlineData("kimi", "a   b", "a|  | b")]
    [InlineData("kimi", "CamelCase HTTPServer's", "Camel|Case| HTTPServer's")]
    [InlineData("kimi", "中文English混排々〇", "中文|English|混排々〇")]
    [InlineData("kimi", "it'\u017F 12345", "it'\u017F| |123|45")]
    [InlineData("kimi", "𐐀𐐨𝒜x", "𐐀𐐨|𝒜x")]
    [InlineData("kimi", "a/\nb", "a|/\n|b")]
    [InlineData("o200k", "a!/\n/b", "a|!/\n/|b")]
    [InlineData("o200k", "中文abc", "中文abc")]
    [InlineData("llama3", "\tab 'S x\r\n \n  y", "\tab| '|S| x|\r\n \n| | y")]
    [InlineData("llama3", "1234 x", "123|4| x")]
    [InlineData("qwen2", "1234 x", "1|2|3|4| x")]
    [InlineData("gpt2", "it's 12!  \n x", "it|'s| 12|!|  \n| x")]
    [InlineData("deepseek-v3", "a  1カ・カ", "a|  |1|カ|・|カ")]
    [InlineData("deepseek-v3", "\u0001\u0002a.b", "\u0001|\u0002a|.b")]
    [InlineData("deepseek-coder", "a\n\n b12", "a|\n|\n| b|1|2")]
    [InlineData("deepseek-llm", "a 12  ", "a| |12|  ")]
    public void Pieces_are_those_of_the_published_pattern(string name, string text, string expected) =>
        Assert.Equal(expected.Split('|'), Pieces(s_all[name], Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Pieces_cover_any_bytes_in_order()
    {
        foreach (var splitter in s_all.Values)
        {
            for (var seed = 0; seed < 50; seed++)
            {
                var bytes = seed % 2 == 0 ? Samples.Bytes(seed, 300) : Encoding.UTF8.GetBytes(Samples.Text(new Random(seed), 50));
                var last = 0;
                foreach (var end in splitter.Split(bytes))
                {
                    Assert.True(end > last, "an empty piece");
                    last = end;
                }

                Assert.Equal(bytes.Length, last);
            }
        }
    }

    private static List<string> Pieces(PreSplitter splitter, byte[] text)
    {
        var pieces = new List<string>();
        var start = 0;
        foreach (var end in splitter.Split(text))
        {
            pieces.Add(Encoding.UTF8.GetString(text, start, end - start));
            start = end;
        }

        return pieces;
    }
}
