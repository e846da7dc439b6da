using System.Text;
using Crescent.Text.Tests.Support;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Tests.Tokenizers;

public class RoundTripTests
{
    public static TheoryData<string> Names => [.. Loaded.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Decoding_what_was_encoded_gives_the_text_back(string name)
    {
        var tokenizer = Loaded.Get(name);
        var random = new Random(1);
        for (var i = 0; i < 400; i++)
        {
            var text = Samples.Text(random, random.Next(1, 40));
            var expected = name == "qwen3" && Nfc.TryNormalize(Encoding.UTF8.GetBytes(text), out var normal) ? Encoding.UTF8.GetString(normal) : text;
            foreach (var parseSpecial in (bool[])[false, true])
            {
                Assert.Equal(expected, tokenizer.DecodeText(tokenizer.Encode(text, parseSpecial), showSpecial: true));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Bytes_that_are_no_text_come_back_too(string name)
    {
        var tokenizer = Loaded.Get(name);
        for (var seed = 0; seed < 50; seed++)
        {
            var bytes = Samples.Bytes(seed, 200);
            if (name is "deepseek-coder" or "deepseek-llm")
            {
                // These vocabularies have no tokens for bytes that no UTF-8 has.
                bytes = [.. bytes.Where(value => value is not (0xC0 or 0xC1 or >= 0xF5))];
            }

            var ids = new List<int>();
            tokenizer.Encode(bytes, ids);
            var expected = name == "qwen3" && Nfc.TryNormalize(bytes, out var normal) ? normal : bytes;
            Assert.Equal(expected, tokenizer.Decode([.. ids]));
        }
    }

    [Fact]
    public void A_byte_without_a_token_becomes_a_replacement_character()
    {
        var ids = new List<int>();
        Loaded.Get("deepseek-coder").Encode([(byte)'a', 0xFF, (byte)'b'], ids);
        Assert.Equal("a\uFFFDb", Loaded.Get("deepseek-coder").DecodeText([.. ids]));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_lone_surrogate_counts_as_a_replacement_character(string name)
    {
        var tokenizer = Loaded.Get(name);
        Assert.Equal(tokenizer.Encode("a\uFFFDb"), tokenizer.Encode("a\uD800b"));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_text_of_marker_names_holds_no_control_token(string name)
    {
        var tokenizer = Loaded.Get(name);
        var markers = Enumerable.Range(0, tokenizer.VocabularySize).Where(tokenizer.IsControl).Select(tokenizer.TokenName).ToArray();
        var text = string.Concat(markers) + string.Join(' ', markers);
        Assert.DoesNotContain(tokenizer.Encode(text), tokenizer.IsControl);
        var ids = new List<int>();
        tokenizer.Encode(text, ids, TextTrust.Untrusted);
        Assert.DoesNotContain(ids, tokenizer.IsControl);
        Assert.Equal(markers.Length > 0, tokenizer.Encode(text, parseSpecial: true).Any(tokenizer.IsControl));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(163840)]
    public void An_id_outside_the_vocabulary_is_refused_by_name(int id)
    {
        var tokenizer = Loaded.Get("kimi-k2");
        foreach (var act in (Action[])[() => tokenizer.Decode([id]), () => tokenizer.TokenName(id), () => tokenizer.TokenBytes(id), () => new TokenStreamDecoder(tokenizer).Push(id)])
        {
            Assert.Contains($"token id {id} is outside the vocabulary of 163840 tokens", Assert.Throws<ArgumentOutOfRangeException>(act).Message);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_megabyte_of_anything_finishes_and_comes_back(string name)
    {
        var tokenizer = Loaded.Get(name);
        var spaces = Enumerable.Repeat((byte)' ', 1 << 20).ToArray();
        var letters = Enumerable.Repeat((byte)'a', 1 << 20).ToArray();
        var random = Samples.Bytes(1, 1 << 20);
        foreach (var bytes in (byte[][])[spaces, letters, random])
        {
            var ids = new List<int>();
            tokenizer.Encode(bytes, ids);
            if (bytes != random || name is not ("deepseek-coder" or "deepseek-llm" or "qwen3"))
            {
                Assert.True(bytes.AsSpan().SequenceEqual(tokenizer.Decode([.. ids])), "the bytes differ");
            }
        }
    }
}
