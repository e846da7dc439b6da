using System.Text.Json;
using Crescent.Tests;
using Crescent.Text.Tests.Support;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Tests.Tokenizers;

/// <summary>Folders as models are published, built from the shared data's files.</summary>
public sealed class TokenizerFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    // What Kimi K2's tokenizer_config.json names, by number from the first id after the ranks.
    private static readonly Dictionary<int, string> s_kimiNames = new()
    {
        [0] = "[BOS]",
        [1] = "[EOS]",
        [2] = "<|im_end|>",
        [3] = "<|im_user|>",
        [4] = "<|im_assistant|>",
        [6] = "<|start_header_id|>",
        [7] = "<|end_header_id|>",
        [9] = "[EOT]",
        [10] = "<|im_system|>",
        [17] = "<|im_middle|>",
        [254] = "[UNK]",
        [255] = "[PAD]",
    };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Kimi_has_its_names_from_the_config_and_stops_at_every_end()
    {
        WriteKimi(s_kimiNames, "[EOS]");
        _folder.Write("generation_config.json", """{"max_length": 131072, "eos_token_id": 163586}""");
        _folder.Write("tokenizer.json", "not read: the rank file is the exact one");
        var tokenizer = TokenizerFactory.FromPath(_folder.Path);
        Assert.Equal((163840, 163584, 163585, 163839, 163838), (tokenizer.VocabularySize, tokenizer.BosId, tokenizer.EosId, tokenizer.PadId, tokenizer.UnknownId));
        Assert.Equal([163585, 163586, 163593], tokenizer.StopIds);
        Assert.False(tokenizer.AddBos);
        // The config names all there is: what it leaves out has no name.
        Assert.Equal("<|reserved_token_163595|>", tokenizer.TokenName(163595));
        Assert.Null(tokenizer.FindMarker("<|tool_calls_section_begin|>"));
    }

    [Fact]
    public void Other_names_in_the_config_take_the_place_of_the_familys()
    {
        WriteKimi(new(s_kimiNames) { [2] = "<|end_of_msg|>", [5] = "<|im_end|>" }, "<|end_of_msg|>");
        var tokenizer = TokenizerFactory.FromPath(_folder.Path);
        Assert.Equal((163586, 163589), (tokenizer.EosId, tokenizer.FindControl("<|im_end|>")));
        Assert.Equal([163585, 163586, 163589, 163593], tokenizer.StopIds);
    }

    [Fact]
    public void A_name_that_the_config_moves_is_not_left_where_the_family_has_it()
    {
        WriteKimi(new() { [5] = "<|im_end|>" }, "[EOS]");
        var tokenizer = TokenizerFactory.FromPath(_folder.Path);
        Assert.Equal(163589, tokenizer.FindControl("<|im_end|>"));
        Assert.Equal("<|reserved_token_163586|>", tokenizer.TokenName(163586));
        Assert.Equal(163588, tokenizer.FindControl("<|im_assistant|>"));
    }

    [Fact]
    public void DeepSeek_v3_from_its_json_encodes_as_its_rank_file()
    {
        _folder.WriteJson("tokenizer.json", PublishedJson.DeepSeekV3(GgufVocabularyExport.From(Loaded.Get("deepseek-v3"))));
        _folder.Write(
            "tokenizer_config.json",
            """{"add_bos_token": true, "bos_token": {"__type": "AddedToken", "content": "<｜begin▁of▁sentence｜>"}, "eos_token": {"content": "<｜end▁of▁sentence｜>"}}""");
        var tokenizer = TokenizerFactory.FromPath(_folder.Path);
        Assert.Equal((128815, 0, 1, true), (tokenizer.VocabularySize, tokenizer.BosId, tokenizer.EosId, tokenizer.AddBos));
        AssertSame(Loaded.Get("deepseek-v3"), tokenizer);
    }

    [Fact]
    public void Gpt_oss_from_its_json_encodes_as_its_rank_file_and_stops_at_return_and_call()
    {
        _folder.WriteJson("tokenizer.json", PublishedJson.GptOss(GgufVocabularyExport.From(Loaded.Get("o200k"))));
        _folder.Write("generation_config.json", """{"bos_token_id": 199998, "pad_token_id": 199999, "eos_token_id": [200002, 199999, 200012]}""");
        var tokenizer = TokenizerFactory.FromPath(_folder.Path);
        Assert.Equal((201088, 199998, 200002, 199999), (tokenizer.VocabularySize, tokenizer.BosId, tokenizer.EosId, tokenizer.PadId));
        Assert.Equal([199999, 200002, 200012], tokenizer.StopIds);
        AssertSame(Loaded.Get("o200k"), tokenizer);
    }

    [Theory]
    [InlineData("""{"tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}""", "{}", null)]
    [InlineData("{}", """{"model_type": "qwen3_moe", "eos_token_id": 151645, "pad_token_id": 151643}""", null)]
    [InlineData("{}", """{"eos_token_id": [151645]}""", "qwen2")]
    public void Qwen_from_vocab_and_merges_encodes_as_its_json(string tokenizerConfig, string config, string? pre)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("qwen3", "tokenizer.json")));
        var model = document.RootElement.GetProperty("model");
        _folder.Write("vocab.json", model.GetProperty("vocab").GetRawText());
        _folder.Write("merges.txt", "#version: 0.2\n" + string.Join('\n', model.GetProperty("merges").EnumerateArray()
            .Select(merge => merge.ValueKind == JsonValueKind.String ? merge.GetString() : $"{merge[0].GetString()} {merge[1].GetString()}")) + "\n");
        _folder.WriteJson("added_tokens.json", document.RootElement.GetProperty("added_tokens").EnumerateArray().ToDictionary(
            token => token.GetProperty("content").GetString()!, token => token.GetProperty("id").GetInt32()));
        _folder.Write("tokenizer_config.json", tokenizerConfig);
        _folder.Write("config.json", config);
        var tokenizer = TokenizerFactory.FromPath(_folder.Path, pre);
        Assert.Equal((151645, 151669), (tokenizer.EosId, tokenizer.VocabularySize));
        Assert.Equal([151643, 151645], tokenizer.StopIds);
        Assert.Equal((151667, (int?)null), (tokenizer.FindMarker("<think>"), tokenizer.FindControl("<think>")));
        AssertSame(Loaded.Get("qwen3"), tokenizer);
    }

    [Fact]
    public void Vocab_and_merges_that_do_not_say_how_they_split_are_refused_with_what_is_known()
    {
        _folder.Write("vocab.json", "{}");
        Assert.Contains("merges.txt", Assert.Throws<TokenizerException>(() => TokenizerFactory.FromPath(_folder.Path)).Message);
        _folder.Write("merges.txt", "");
        _folder.Write("config.json", """{"model_type": "bloom"}""");
        Assert.Contains("bloom", Assert.Throws<NotSupportedException>(() => TokenizerFactory.FromPath(_folder.Path)).Message);
    }

    [Fact]
    public void Llama_2_from_its_json_encodes_as_its_pieces()
    {
        _folder.WriteJson("tokenizer.json", PublishedJson.SentencePiece(Loaded.Gguf("llama-spm")));
        _folder.Write("tokenizer_config.json", """{"add_bos_token": true, "tokenizer_class": "LlamaTokenizer"}""");
        _folder.Write("special_tokens_map.json", """{"bos_token": "<s>", "eos_token": {"content": "</s>"}, "unk_token": "<unk>"}""");
        var tokenizer = TokenizerFactory.FromPath(_folder.Path);
        Assert.Equal((1, 2, 0, true), (tokenizer.BosId, tokenizer.EosId, tokenizer.UnknownId, tokenizer.AddBos));
        Assert.Equal([2], tokenizer.StopIds);
        foreach (var text in File.ReadAllText(SharedData.Path("ggml-vocab", "ggml-vocab-llama-spm.gguf.inp")).Split("\n__ggml_vocab_test__\n"))
        {
            Assert.Equal(Loaded.Get("llama-spm").Encode(text), tokenizer.Encode(text));
        }
    }

    [Fact]
    public void A_sentencepiece_model_stands_before_its_json_and_takes_added_tokens()
    {
        _folder.Copy(SharedData.Path("weights", "babyllama-105", "tok105.model"), "tokenizer.model");
        _folder.Write("tokenizer.json", "not read");
        _folder.Write("added_tokens.json", """{"<|im_end|>": 106, "<pad>": 105}""");
        _folder.Write("special_tokens_map.json", """{"pad_token": "<pad>"}""");
        var plain = TokenizerFactory.FromPath(SharedData.Path("weights", "babyllama-105", "tok105.model"));
        var tokenizer = TokenizerFactory.FromPath(_folder.Path);
        Assert.Equal((107, 105), (tokenizer.VocabularySize, tokenizer.PadId));
        Assert.Equal([2, 106], tokenizer.StopIds);
        Assert.Equal([.. plain.Encode("Once"), 106], tokenizer.Encode("Once<|im_end|>", parseSpecial: true));
        Assert.Equal(plain.Encode("Once<|im_end|>"), tokenizer.Encode("Once<|im_end|>"));
    }

    [Fact]
    public void Metas_rank_file_of_llama_3_is_known_by_its_size()
    {
        var ranks = Enumerable.Range(0, 128000).Select(rank => (byte[])(rank < 256 ? [(byte)rank] : [(byte)(rank >> 16), (byte)(rank >> 8), (byte)rank]));
        _folder.Write("tokenizer.model", string.Concat(ranks.Select((bytes, rank) => $"{Convert.ToBase64String(bytes)} {rank}\n")));
        _folder.Write("params.json", "{}");
        var tokenizer = TokenizerFactory.FromPath(_folder.Path);
        Assert.Equal((128256, 128000, 128001, true), (tokenizer.VocabularySize, tokenizer.BosId, tokenizer.EosId, tokenizer.AddBos));
        Assert.Equal([128001, 128008, 128009], tokenizer.StopIds);
        Assert.Equal(128006, tokenizer.FindControl("<|start_header_id|>"));
    }

    [Fact]
    public void Grok_1_has_its_tokenizer_beside_its_checkpoint()
    {
        _folder.Copy(SharedData.Path("grok-1", "tokenizer.model"), "tokenizer.model");
        _folder.Write("ckpt-0/tensor00000_000", [0x80]);
        var tokenizer = TokenizerFactory.FromPath(Path.Combine(_folder.Path, "ckpt-0") + Path.DirectorySeparatorChar);
        Assert.Equal((131072, 1, 2, 0, false), (tokenizer.VocabularySize, tokenizer.BosId, tokenizer.EosId, tokenizer.PadId, tokenizer.AddBos));
        Assert.Equal([11770, 1135], tokenizer.Encode("Hello world"));
    }

    [Fact]
    public void Grok_2_is_read_from_xais_own_form()
    {
        _folder.Write("tokenizer.tok.json", SmallJson.Xai("V1"));
        _folder.Write("config.json", """{"model_type": "git", "bos_token_id": 1, "eos_token_id": 2}""");
        var tokenizer = TokenizerFactory.FromPath(_folder.Path);
        Assert.Equal((300, 2, 1, 0, false), (tokenizer.VocabularySize, tokenizer.EosId, tokenizer.EotId, tokenizer.PadId, tokenizer.AddBos));
        Assert.Equal([1, 2], tokenizer.StopIds);
        Assert.Equal([260, 259, 3 + ' ', 3 + '1', 3 + '2'], tokenizer.Encode("abc").Concat(tokenizer.Encode("ab")).Concat(tokenizer.Encode(" 12")));
        Assert.Equal([1], tokenizer.Encode("<|separator|>", parseSpecial: true));
        Assert.DoesNotContain(1, tokenizer.Encode("<|separator|>"));
        Assert.Equal("abc\u00E9", tokenizer.DecodeText(tokenizer.Encode("abc\u00E9")));
        Assert.Equal("<|unused_299|>", tokenizer.TokenName(299));
        _folder.Write("tokenizer.tok.json", SmallJson.Xai("V2"));
        Assert.Contains("word_split is V2", Assert.Throws<NotSupportedException>(() => TokenizerFactory.FromPath(_folder.Path)).Message);
    }

    [Theory]
    [InlineData("tokenizer_config.json", """{"added_tokens_decoder": {"x": {"content": "a"}}}""", "added_tokens_decoder")]
    [InlineData("generation_config.json", """{"eos_token_id": "two"}""", "eos_token_id")]
    [InlineData("special_tokens_map.json", "[]", "special_tokens_map.json")]
    [InlineData("added_tokens.json", """{"a": 4000000000}""", "added_tokens.json")]
    [InlineData("config.json", "{", "config.json")]
    public void A_broken_file_beside_the_tokenizer_is_named(string name, string text, string part)
    {
        _folder.Copy(SharedData.Path("weights", "babyllama-105", "tok105.model"), "tokenizer.model");
        _folder.Write(name, text);
        var message = Assert.Throws<TokenizerException>(() => TokenizerFactory.FromPath(_folder.Path)).Message;
        Assert.Contains(part, message);
        Assert.Contains(_folder.Path, message);
    }

    [Fact]
    public void Ids_outside_the_vocabulary_are_no_stops()
    {
        _folder.Copy(SharedData.Path("weights", "babyllama-105", "tok105.model"), "tokenizer.model");
        _folder.Write("generation_config.json", """{"eos_token_id": [2, -1, 99999], "pad_token_id": -1}""");
        var tokenizer = TokenizerFactory.FromPath(_folder.Path);
        Assert.Equal([2], tokenizer.StopIds);
        Assert.Null(tokenizer.PadId);
    }

    private void WriteKimi(Dictionary<int, string> names, string eos)
    {
        _folder.Copy(SharedData.Path("kimi-k2", "tiktoken.model"), "tiktoken.model");
        _folder.WriteJson("tokenizer_config.json", new
        {
            added_tokens_decoder = names.ToDictionary(name => (163584 + name.Key).ToString(), name => new { content = name.Value, special = true }),
            bos_token = "[BOS]",
            eos_token = eos,
            pad_token = "[PAD]",
            unk_token = "[UNK]",
            tokenizer_class = "TikTokenTokenizer",
        });
    }

    private static void AssertSame(Tokenizer expected, Tokenizer actual)
    {
        var random = new Random(8);
        for (var i = 0; i < 300; i++)
        {
            var text = Samples.Text(random, random.Next(1, 60));
            Assert.Equal(expected.Encode(text), actual.Encode(text));
        }

        var file = File.ReadAllText(SharedData.Path("tokenizer-vectors", "utf8_input.txt"));
        Assert.Equal(expected.Encode(file), actual.Encode(file));
    }
}
