using System.Text;
using Crescent.Text.Tests.Support;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Tests.Tokenizers;

public class TokenStreamDecoderTests
{
    public static TheoryData<string> Names => [.. Loaded.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Streamed_text_is_collected_text(string name)
    {
        var tokenizer = Loaded.Get(name);
        var random = new Random(2);
        for (var i = 0; i < 200; i++)
        {
            // Text, arbitrary bytes and arbitrary ids; special tokens shown or not; from the start of a text or not.
            var ids = new List<int>();
            tokenizer.Encode(Samples.Text(random, 10), ids, TextTrust.Trusted);
            tokenizer.Encode(Samples.Bytes(i, 20), ids);
            for (var k = 0; k < 20; k++)
            {
                ids.Insert(random.Next(ids.Count), random.Next(tokenizer.VocabularySize));
            }

            var show = i % 2 == 0;
            var start = i % 4 < 2;
            var decoder = new TokenStreamDecoder(tokenizer, show, start);
            for (var round = 0; round < 2; round++)
            {
                var streamed = new StringBuilder();
                foreach (var id in ids)
                {
                    var text = decoder.Push(id);
                    Assert.False(text.Length > 0 && char.IsHighSurrogate(text[^1]), "half a character was given out");
                    streamed.Append(text);
                }

                streamed.Append(decoder.Flush());
                Assert.Equal(tokenizer.DecodeText([.. ids], show, start), streamed.ToString());
            }
        }
    }

    [Fact]
    public void A_split_character_is_held_back_and_allocates_nothing()
    {
        var tokenizer = Loaded.Get("kimi-k2");
        var bytes = new List<int>();
        foreach (var value in Encoding.UTF8.GetBytes("😊"))
        {
            tokenizer.Encode([value], bytes);
        }

        Assert.Equal(4, bytes.Count);
        var decoder = new TokenStreamDecoder(tokenizer);
        decoder.Push(64);
        foreach (var id in bytes)
        {
            decoder.Push(id);
        }

        decoder.Push(163586);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var held = decoder.Push(bytes[0]).Length + decoder.Push(bytes[1]).Length + decoder.Push(bytes[2]).Length + decoder.Push(163586).Length;
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(0, held);
        Assert.Equal("😊", decoder.Push(bytes[3]).ToString());
        decoder.Push(bytes[0]);
        Assert.Equal("\uFFFD", decoder.Flush().ToString());
        Assert.Equal("", decoder.Flush().ToString());
    }

    [Fact]
    public void A_sentencepiece_text_loses_its_leading_space_only_at_the_start()
    {
        var tokenizer = Loaded.Get("grok-1");
        var hello = tokenizer.Encode("Hello");
        Assert.Equal("Hello", new TokenStreamDecoder(tokenizer).Push(hello[0]).ToString());
        Assert.Equal(" Hello", new TokenStreamDecoder(tokenizer, startOfText: false).Push(hello[0]).ToString());
        var decoder = new TokenStreamDecoder(tokenizer);
        decoder.Push(1);
        Assert.Equal("Hello", decoder.Push(hello[0]).ToString());
        Assert.Equal(" Hello", decoder.Push(hello[0]).ToString());
    }
}
