using System.Text.Json;
using Crescent.Tests;
using Crescent.Text.Tests.Support;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Tests.Tokenizers;

public class KimiVectorTests
{
    [Fact]
    public void Every_plain_vector_encodes_to_its_ids_and_decodes_back()
    {
        var tokenizer = Loaded.Get("kimi-k2");
        foreach (var vector in Lines("vectors-plain.jsonl"))
        {
            var text = vector.GetProperty("text").GetString()!;
            var ids = tokenizer.Encode(text);
            Assert.Equal(Ids(vector, "ids"), ids);
            Assert.Equal(text, tokenizer.DecodeText(ids));
        }
    }

    [Fact]
    public void Every_special_vector_encodes_both_ways()
    {
        var tokenizer = Loaded.Get("kimi-k2");
        foreach (var vector in Lines("vectors-special.jsonl"))
        {
            var text = vector.GetProperty("text").GetString()!;
            Assert.Equal(Ids(vector, "ids_parse_special"), tokenizer.Encode(text, parseSpecial: true));
            Assert.Equal(Ids(vector, "ids_as_text"), tokenizer.Encode(text));
            Assert.Equal(text, tokenizer.DecodeText(tokenizer.Encode(text, parseSpecial: true), showSpecial: true));
        }
    }

    [Fact]
    public void The_published_names_and_roles_are_known()
    {
        var tokenizer = Loaded.Get("kimi-k2");
        Assert.Equal(163840, tokenizer.VocabularySize);
        Assert.Equal(163584, tokenizer.BosId);
        Assert.Equal(163839, tokenizer.PadId);
        Assert.False(tokenizer.AddBos);
        Assert.Equal([163585, 163586, 163593], tokenizer.StopIds);
        Assert.Equal(163601, tokenizer.FindControl("<|im_middle|>"));
        Assert.Equal("<|reserved_token_163606|>", tokenizer.TokenName(163606));
        Assert.Null(tokenizer.FindControl("<think>"));
        Assert.True(tokenizer.IsControl(163599));
        Assert.True(tokenizer.TokenBytes(163586).IsEmpty);
    }

    [Fact]
    public void A_gguf_vocabulary_without_merges_encodes_as_the_rank_file()
    {
        var ranked = Loaded.Get("kimi-k2");
        var gguf = TokenizerFactory.FromGguf(new GgufVocabulary
        {
            Model = "gpt2",
            Pre = "kimi-k2",
            Tokens = [.. Enumerable.Range(0, ranked.VocabularySize).Select(id => ranked.IsControl(id) ? ranked.TokenName(id) : ByteSpelling.Spell(ranked.TokenBytes(id)))],
            TokenTypes = [.. Enumerable.Range(0, ranked.VocabularySize).Select(id => ranked.IsControl(id) ? 3 : 1)],
            BosId = 163584,
            EosId = 163585,
        });
        foreach (var vector in Lines("vectors-plain.jsonl"))
        {
            Assert.Equal(Ids(vector, "ids"), gguf.Encode(vector.GetProperty("text").GetString()!));
        }

        Assert.Equal(ranked.StopIds, gguf.StopIds);
    }

    private static IEnumerable<JsonElement> Lines(string name) =>
        File.ReadLines(SharedData.Path("kimi-k2", name)).Select(line => JsonDocument.Parse(line).RootElement);

    private static int[] Ids(JsonElement vector, string name) => [.. vector.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
}
