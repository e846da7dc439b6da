using System.Text.Json;
using Crescent.Tests;
using Crescent.Text.Tests.Support;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Tests.Tokenizers;

public class SentencePieceVectorTests
{
    [Fact]
    public void Every_grok_vector_encodes_to_its_ids_and_decodes_back()
    {
        var tokenizer = Loaded.Get("grok-1");
        foreach (var line in File.ReadLines(SharedData.Path("grok-1", "vectors.jsonl")))
        {
            var vector = JsonDocument.Parse(line).RootElement;
            var text = vector.GetProperty("text").GetString()!;
            int[] expected = [.. vector.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            Assert.Equal(expected, tokenizer.Encode(text));
            Assert.Equal(text.Replace('\u2581', ' '), tokenizer.DecodeText(expected));
        }
    }

    [Fact]
    public void Grok_has_its_published_roles_and_adds_no_bos()
    {
        var tokenizer = Loaded.Get("grok-1");
        Assert.Equal((131072, 1, 2, 0, 3), (tokenizer.VocabularySize, tokenizer.BosId, tokenizer.EosId, tokenizer.FindControl("[PAD]"), tokenizer.UnknownId));
        Assert.False(tokenizer.AddBos);
        Assert.Contains(2, tokenizer.StopIds);
    }

    [Fact]
    public void Grok_separator_in_untrusted_text_is_text_but_digits_still_match()
    {
        var tokenizer = Loaded.Get("grok-1");
        var ids = new List<int>();
        tokenizer.Encode("<|separator|>12\n", ids, TextTrust.Untrusted);
        Assert.DoesNotContain(47, ids);
        Assert.Equal([15, 16, 4], ids[^3..]);
        Assert.Equal("<|separator|>12\n", tokenizer.DecodeText([.. ids]));
    }

    [Theory]
    [InlineData("stories260K", "tok512.bin")]
    [InlineData("babyllama-105", "tok105.bin")]
    [InlineData("babyllama-105", "tok105.model")]
    public void The_story_encodes_as_llama2c_does(string folder, string file)
    {
        var tokenizer = TokenizerFactory.FromPath(SharedData.Path("weights", folder, file));
        var reference = JsonDocument.Parse(File.ReadAllText(SharedData.Path("weights", folder, "reference.json"))).RootElement;
        Assert.True(tokenizer.AddBos);
        var text = File.ReadAllText(SharedData.Path("weights", "nll-text.txt"));
        if (!reference.TryGetProperty("nll_tokens", out var tokens))
        {
            Assert.Equal(text.Replace('\n', '?'), tokenizer.DecodeText(tokenizer.Encode(text)).Replace(" \u2047 ", "?").Replace('\n', '?'));
            return;
        }

        int[] expected = [.. tokens.EnumerateArray().Select(id => id.GetInt32())];
        var actual = new int[] { tokenizer.BosId!.Value }.Concat(tokenizer.Encode(text)).ToArray();
        Assert.Equal(expected, actual[..expected.Length]);
    }

    [Fact]
    public void The_gguf_of_stories260k_encodes_as_its_tokenizer_bin()
    {
        var bin = Loaded.Get("stories260k");
        var gguf = TokenizerFactory.FromGguf(GgufVocabularyReader.Read(SharedData.Path("weights", "stories260K", "stories260K.gguf")));
        var text = File.ReadAllText(SharedData.Path("weights", "nll-text.txt")) + " Ünïcode 你好 1234";
        Assert.Equal(bin.Encode(text), gguf.Encode(text));
        Assert.True(gguf.AddBos);
        Assert.Equal(bin.VocabularySize, gguf.VocabularySize);
    }
}
