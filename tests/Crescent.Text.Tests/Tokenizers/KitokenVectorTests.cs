using Crescent.Tests;
using Crescent.Text.Tests.Support;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Tests.Tokenizers;

/// <summary>The vectors of Systemcluster/kitoken: a line of input per line of ids; <c>utf8</c> is one whole file.</summary>
public class KitokenVectorTests
{
    [Theory]
    [InlineData("kimi_k2", "kimi-k2")]
    [InlineData("gpt_oss", "o200k")]
    [InlineData("r1", "deepseek-v3")]
    public void Every_line_encodes_to_its_ids(string vectors, string name)
    {
        var tokenizer = Loaded.Get(name);
        Check(tokenizer, Lines("small_input.txt").Select(line => line.Replace("\\n", "\n").Replace("\\s", " ")), $"small_tokens_{vectors}.txt");
        Check(tokenizer, Lines("mixed_input.txt"), $"mixed_tokens_{vectors}.txt");
        Check(tokenizer, [File.ReadAllText(SharedData.Path("tokenizer-vectors", "utf8_input.txt"))], $"utf8_tokens_{vectors}.txt");
    }

    [Fact]
    public void Every_line_encodes_to_its_ids_for_llama_3() =>
        Assert.Skip("Meta's Llama 3 vocabulary is not in the shared data, because of its licence");

    private static void Check(Tokenizer tokenizer, IEnumerable<string> inputs, string expected)
    {
        var lines = Lines(expected);
        var texts = inputs.ToArray();
        Assert.Equal(lines.Length, texts.Length);
        for (var i = 0; i < texts.Length; i++)
        {
            int[] ids = [.. lines[i].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
            // Only the vectors of gpt_oss read special tokens in their text.
            Assert.Equal(ids, tokenizer.Encode(texts[i], parseSpecial: tokenizer == Loaded.Get("o200k")));
            Assert.Equal(texts[i], tokenizer.DecodeText(ids, showSpecial: true));
        }
    }

    private static string[] Lines(string name)
    {
        var text = File.ReadAllText(SharedData.Path("tokenizer-vectors", name));
        return (text.EndsWith('\n') ? text[..^1] : text).Split('\n');
    }
}
