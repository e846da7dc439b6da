using Crescent.Tests;
using Crescent.Text.Tests.Support;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Tests.Tokenizers;

public class LoaderTests
{
    [Fact]
    public void Qwen_has_its_roles_from_the_config()
    {
        var tokenizer = Loaded.Get("qwen3");
        Assert.Equal((151645, 151643, (int?)null, false), (tokenizer.EosId, tokenizer.PadId, tokenizer.BosId, tokenizer.AddBos));
        Assert.Equal([151643, 151645], tokenizer.StopIds);
        Assert.Equal(151667, tokenizer.FindMarker("<think>"));
        Assert.Null(tokenizer.FindControl("<think>"));
        Assert.Equal(9707, tokenizer.FindToken("Hello"));
    }

    [Fact]
    public void Rank_files_have_their_families_special_tokens()
    {
        var harmony = Loaded.Get("o200k");
        Assert.Equal((201088, 200006, 200008), (harmony.VocabularySize, harmony.FindControl("<|start|>"), harmony.FindControl("<|message|>")));
        Assert.Equal([199999, 200002, 200012], harmony.StopIds);
        var deepSeek = Loaded.Get("deepseek-v3");
        Assert.Equal((128815, 0, 1, 2), (deepSeek.VocabularySize, deepSeek.BosId, deepSeek.EosId, deepSeek.PadId));
        Assert.Equal((128798, 128804, 128814), (deepSeek.FindControl("<think>"), deepSeek.FindControl("<｜Assistant｜>"), deepSeek.FindControl("<｜tool▁sep｜>")));
        Assert.Equal([1, 128805], deepSeek.StopIds);
    }

    [Fact]
    public void An_unknown_rank_file_asks_for_its_family()
    {
        var bytes = File.ReadAllBytes(SharedData.Path("kimi-k2", "tiktoken.model"))[..^40];
        var length = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        var message = Assert.Throws<TokenizerException>(() => TokenizerFactory.FromBytes(bytes[..length], "x.tiktoken", null, TokenizerConfig.Empty)).Message;
        Assert.Contains("pre = kimi-k2 | deepseek-v3 | o200k | llama3 | qwen2 | gpt2", message);
        var tokenizer = TokenizerFactory.FromBytes(bytes[..length], "x.tiktoken", "kimi-k2", TokenizerConfig.Empty);
        Assert.Equal(tokenizer.VocabularySize - 256, tokenizer.BosId);
        Assert.Throws<NotSupportedException>(() => TokenizerFactory.FromBytes(bytes[..length], "x.tiktoken", "klingon", TokenizerConfig.Empty));
    }

    [Fact]
    public void A_tiny_kimi_vocabulary_needs_no_merges_and_no_fixed_size()
    {
        string[] tokens = [.. Enumerable.Range(0, 256).Select(value => ByteSpelling.Spell([(byte)value])), "ab", "abc", "<|im_end|>", "[BOS]"];
        var tokenizer = TokenizerFactory.FromGguf(new GgufVocabulary
        {
            Model = "gpt2",
            Pre = "kimi-k2",
            Tokens = tokens,
            TokenTypes = [.. Enumerable.Range(0, tokens.Length).Select(id => id < 258 ? 1 : 3)],
            BosId = 259,
            EosId = 258,
        });
        Assert.Equal([257, 256, (byte)' ', 'x'], tokenizer.Encode("abcab x")[..1].Concat(tokenizer.Encode("ab")).Concat(tokenizer.Encode(" x")));
        Assert.Equal([258], tokenizer.StopIds);
        Assert.Equal([258], tokenizer.Encode("<|im_end|>", parseSpecial: true));
    }

    [Fact]
    public void Unknown_gguf_models_and_pre_tokenizers_are_refused_with_the_supported_ones()
    {
        var vocabulary = Loaded.Gguf("gpt-2");
        Assert.Contains("gpt2", Assert.Throws<NotSupportedException>(() => TokenizerFactory.FromGguf(vocabulary with { Model = "bert" })).Message);
        Assert.Contains("kimi-k2", Assert.Throws<NotSupportedException>(() => TokenizerFactory.FromGguf(vocabulary with { Pre = "tekken" })).Message);
        Assert.Contains("token_type has 1 entries", Assert.Throws<TokenizerException>(() => TokenizerFactory.FromGguf(vocabulary with { TokenTypes = [1] })).Message);
    }

    [Fact]
    public void A_json_file_of_sentencepiece_form_merges_by_list_and_falls_back_to_bytes()
    {
        var tokenizer = TokenizerFactory.FromBytes(SmallJson.Metaspace(), "tokenizer.json", null, TokenizerConfig.Empty);
        Assert.Equal([262, 263, 259, 261, 3 + 0xC3, 3 + 0xA9], tokenizer.Encode("aab bé"));
        Assert.Equal("aab bé", tokenizer.DecodeText(tokenizer.Encode("aab bé")));
        Assert.DoesNotContain(tokenizer.Encode("<s></s>"), tokenizer.IsControl);
    }

    [Fact]
    public void A_json_file_of_byte_level_form_reads_both_spellings_of_merges_and_its_template()
    {
        var tokenizer = TokenizerFactory.FromBytes(SmallJson.ByteLevel(), "tokenizer.json", null, TokenizerConfig.Empty);
        Assert.Equal([257, 258, 301], tokenizer.Encode("abc a<tag>"));
        Assert.True(tokenizer.AddBos);
        Assert.Equal(300, tokenizer.BosId);
    }

    [Fact]
    public void A_json_file_with_unknown_patterns_or_models_is_refused()
    {
        Assert.Contains("foo+", Assert.Throws<NotSupportedException>(() => TokenizerFactory.FromBytes(SmallJson.ByteLevel("foo+"), "t", null, TokenizerConfig.Empty)).Message);
        Assert.Contains("NFKC", Assert.Throws<NotSupportedException>(() => TokenizerFactory.FromBytes(SmallJson.ByteLevel(normalizer: "NFKC"), "t", null, TokenizerConfig.Empty)).Message);
        Assert.Throws<NotSupportedException>(() => TokenizerFactory.FromBytes("""{"model": {"type": "Unigram"}}"""u8.ToArray(), "t", null, TokenizerConfig.Empty));
    }

    [Fact]
    public void A_unigram_sentencepiece_model_is_refused()
    {
        // One piece "a"; a trainer_spec without model_type, which means unigram.
        byte[] model = [0x0A, 0x03, 0x0A, 0x01, (byte)'a', 0x12, 0x00];
        Assert.Contains("unigram", Assert.Throws<NotSupportedException>(() => TokenizerFactory.FromBytes(model, "m", null, TokenizerConfig.Empty)).Message);
    }

    [Fact]
    public void A_path_without_a_tokenizer_is_named()
    {
        var folder = Directory.CreateTempSubdirectory("crescent-empty-");
        Assert.Contains(folder.FullName, Assert.Throws<TokenizerException>(() => TokenizerFactory.FromPath(folder.FullName)).Message);
        Assert.Contains("nowhere", Assert.Throws<TokenizerException>(() => TokenizerFactory.FromPath(Path.Combine(folder.FullName, "nowhere"))).Message);
        folder.Delete();
    }
}
