using Crescent.Tests;
using Crescent.Text.Tests.Support;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Tests.Tokenizers;

public class GgufVocabularyExportTests
{
    public static TheoryData<string> Names => [.. Loaded.Names, "baichuan"];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_was_exported_encodes_decodes_and_ends_as_the_tokenizer_does(string name)
    {
        var tokenizer = Loaded.Get(name);
        var exported = TokenizerFactory.FromGguf(GgufVocabularyExport.From(tokenizer));
        // llama2.c spells spaces as spaces; SentencePiece, and so GGUF, reads U+2581 as one.
        AssertSame(tokenizer, exported, without: name == "stories260k" ? "\u2581" : null);
        Assert.Equal(
            (tokenizer.VocabularySize, tokenizer.BosId, tokenizer.EosId, tokenizer.EotId, tokenizer.PadId, tokenizer.UnknownId, tokenizer.AddBos, tokenizer.AddEos),
            (exported.VocabularySize, exported.BosId, exported.EosId, exported.EotId, exported.PadId, exported.UnknownId, exported.AddBos, exported.AddEos));
        Assert.Equal(tokenizer.StopIds, exported.StopIds);
        Assert.Equal(tokenizer.DropsLeadingSpace, exported.DropsLeadingSpace);
        for (var id = 0; id < tokenizer.VocabularySize; id++)
        {
            Assert.Equal(tokenizer.IsControl(id), exported.IsControl(id));
            Assert.True(tokenizer.TokenBytes(id).SequenceEqual(exported.TokenBytes(id)), $"token {id}");
        }
    }

    [Theory]
    [InlineData("gpt-2")]
    [InlineData("deepseek-coder")]
    [InlineData("deepseek-llm")]
    [InlineData("llama-spm")]
    [InlineData("baichuan")]
    public void A_published_gguf_is_exported_as_it_is(string name)
    {
        var published = Loaded.Gguf(name);
        var exported = GgufVocabularyExport.From(Loaded.Get(name));
        Assert.Equal((published.Model, published.Pre ?? "default"), (exported.Model, exported.Pre));
        Assert.Equal(published.Tokens, exported.Tokens);
        Assert.Equal(published.TokenTypes, exported.TokenTypes);
        Assert.Equal(published.Merges, exported.Merges);
        Assert.Equal(published.Scores, exported.Scores);
    }

    [Theory]
    [InlineData("gpt-2")]
    [InlineData("deepseek-coder")]
    public void Merges_rebuilt_from_ids_are_those_that_were_published(string name)
    {
        // These files number tokens in the order of their merges, so an id is a rank.
        var published = Loaded.Gguf(name);
        var vocabulary = Loaded.Get(name).Vocabulary;
        var types = published.Tokens.Zip(published.TokenTypes!).DistinctBy(token => token.First).ToDictionary(token => token.First, token => token.Second);
        var rebuilt = RankMerges.Build(vocabulary).Select(merge => $"{published.Tokens[merge.Left]} {published.Tokens[merge.Right]}");
        Assert.Equal(published.Merges!.Where(merge => types[merge.Replace(" ", "")] == 1), rebuilt);
    }

    [Fact]
    public void Merges_rebuilt_from_qwens_ids_are_those_of_its_json()
    {
        var tokenizer = (TiktokenTokenizer)Loaded.Get("qwen3");
        Assert.Equal(((PairRanks)tokenizer.Ranks).InOrder(), RankMerges.Build(tokenizer.Vocabulary));
    }

    [Theory]
    [InlineData("kimi-k2", 163328, "kimi-k2")]
    [InlineData("o200k", 199742, "gpt-4o")]
    [InlineData("deepseek-v3", 127741, "deepseek-v3")]
    [InlineData("qwen3", 151387, "qwen2")]
    public void Rank_files_have_a_merge_for_every_token_of_several_bytes(string name, int merges, string pre)
    {
        var exported = GgufVocabularyExport.From(Loaded.Get(name));
        Assert.Equal(merges, exported.Merges!.Count);
        Assert.Equal(("gpt2", pre), (exported.Model, exported.Pre));
        // A merge list alone, as other engines read it, encodes the same.
        AssertSame(Loaded.Get(name), ByMerges(exported));
    }

    [Fact]
    public void Unused_tokens_fill_up_to_the_embeddings_rows()
    {
        var tokenizer = Loaded.Get("qwen3");
        var exported = GgufVocabularyExport.From(tokenizer, 151936);
        Assert.Equal((151936, 151936), (exported.Tokens.Count, exported.TokenTypes!.Count));
        Assert.Equal(exported.Tokens.Count, exported.Tokens.Distinct().Count());
        Assert.All(Enumerable.Range(151669, 151936 - 151669), id => Assert.Equal(5, exported.TokenTypes[id]));
        AssertSame(tokenizer, TokenizerFactory.FromGguf(exported));
        var pieces = GgufVocabularyExport.From(Loaded.Get("stories260k"), 1000);
        Assert.Equal((1000, 1000), (pieces.Tokens.Count, pieces.Scores!.Count));
        Assert.Throws<ArgumentOutOfRangeException>(() => GgufVocabularyExport.From(tokenizer, 151668));
    }

    [Fact]
    public void Pieces_of_a_json_file_get_scores_in_the_order_of_their_merges()
    {
        var tokenizer = TokenizerFactory.FromBytes(SmallJson.Metaspace(), "tokenizer.json", null, TokenizerConfig.Empty);
        var exported = GgufVocabularyExport.From(tokenizer);
        Assert.Equal((0f, -1f), (exported.Scores![262], exported.Scores[263]));
        AssertSame(tokenizer, TokenizerFactory.FromGguf(exported));
    }

    [Fact]
    public void A_merge_list_that_scores_cannot_express_is_refused()
    {
        var json = System.Text.Encoding.UTF8.GetString(SmallJson.Metaspace()).Replace("[\"\\u2581 a\",\"a b\"]", "[\"a b\"]");
        var tokenizer = TokenizerFactory.FromBytes(System.Text.Encoding.UTF8.GetBytes(json), "tokenizer.json", null, TokenizerConfig.Empty);
        Assert.Contains("token 262", Assert.Throws<NotSupportedException>(() => GgufVocabularyExport.From(tokenizer)).Message);
    }

    [Fact]
    public void A_token_that_merging_never_makes_is_refused_where_it_would_be_lost()
    {
        // Rank 256 needs two merges at once; found whole it is one token.
        var ranks = Enumerable.Range(0, 256).Select(value => (byte[])[(byte)value]).Append([(byte)'x', (byte)'y', (byte)'z']);
        var file = System.Text.Encoding.UTF8.GetBytes(string.Concat(ranks.Select((bytes, rank) => $"{Convert.ToBase64String(bytes)} {rank}\n")));
        var tokenizer = TokenizerFactory.FromBytes(file, "ranks", "o200k", TokenizerConfig.Empty);
        Assert.Equal([256], tokenizer.Encode("xyz"));
        Assert.Contains("xyz", Assert.Throws<NotSupportedException>(() => GgufVocabularyExport.From(tokenizer)).Message);
        var kimi = TokenizerFactory.FromBytes(file, "ranks", "kimi-k2", TokenizerConfig.Empty);
        Assert.Equal([256], TokenizerFactory.FromGguf(GgufVocabularyExport.From(kimi)).Encode("xyz"));
    }

    // The same vocabulary merged by its list, whatever its pre-tokenizer says of ranks and whole pieces.
    private static TiktokenTokenizer ByMerges(GgufVocabulary exported)
    {
        var loaded = (TiktokenTokenizer)TokenizerFactory.FromGguf(exported);
        var ids = Enumerable.Range(0, exported.Tokens.Count).Where(id => exported.TokenTypes![id] == 1).ToDictionary(id => exported.Tokens[id]);
        var reader = new MergeListReader(ids, "merges");
        var ranks = reader.Read(exported.Merges!.Select(reader.Split), exported.Merges!.Count);
        return new TiktokenTokenizer(loaded.Vocabulary, new SpecialTokens(), loaded.Splitter, ranks, wholePieceFirst: false, loaded.Normalizes);
    }

    private static void AssertSame(Tokenizer expected, Tokenizer actual, string? without = null)
    {
        var random = new Random(9);
        for (var i = 0; i < 300; i++)
        {
            var text = Samples.Text(random, random.Next(1, 60));
            foreach (var parseSpecial in (bool[])[false, true])
            {
                Assert.Equal(expected.Encode(text, parseSpecial), actual.Encode(text, parseSpecial));
            }
        }

        foreach (var name in (string[])["utf8_input.txt", "mixed_input.txt"])
        {
            var file = File.ReadAllText(SharedData.Path("tokenizer-vectors", name));
            file = without is null ? file : file.Replace(without, "");
            Assert.Equal(expected.Encode(file), actual.Encode(file));
        }
    }
}
