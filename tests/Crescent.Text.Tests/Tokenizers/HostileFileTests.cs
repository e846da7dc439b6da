using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Crescent.Tests;
using Crescent.Text.Tests.Support;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Tests.Tokenizers;

/// <summary>
/// Broken files end in a TokenizerException, or a NotSupportedException where they now ask for something else; never in anything worse. What still loads
/// encodes, decodes and is exported or refused. <c>CRESCENT_FUZZ=1000</c> tries a thousand damages a form.
/// </summary>
public class HostileFileTests
{
    private static readonly TokenizerConfig s_none = TokenizerConfig.Empty;

    public static TheoryData<string> Forms =>
        ["rank", "sentencepiece", "llama2c", "json", "json-metaspace", "xai", "vocab", "merges", "config", "names", "added", "ids"];

    private static int Seeds =>
        int.TryParse(Environment.GetEnvironmentVariable("CRESCENT_FUZZ"), CultureInfo.InvariantCulture, out var asked) ? asked : 100;

    [Theory]
    [MemberData(nameof(Forms))]
    public void Truncated_files_are_refused_or_load(string form)
    {
        var bytes = Sample(form);
        Load(form, bytes);
        for (var i = 0; i < 100; i++)
        {
            TryLoad(form, bytes[..(int)((long)bytes.Length * i / 100)]);
        }

        for (var cut = 1; cut < Math.Min(50, bytes.Length); cut++)
        {
            TryLoad(form, bytes[..^cut]);
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Corrupted_files_are_refused_or_load(string form)
    {
        var sample = Sample(form);
        for (var seed = 0; seed < Seeds; seed++)
        {
            TryLoad(form, Corruption.Corrupt(sample, seed));
            // Damage to text that keeps it text goes further than damage to bytes.
            TryLoad(form, Swap(sample, seed));
        }
    }

    [Fact]
    public void Corrupted_gguf_vocabularies_are_refused_or_load()
    {
        var sample = Loaded.Gguf("gpt-2");
        var random = new Random(4);
        for (var i = 0; i < 20; i++)
        {
            var tokens = sample.Tokens.ToArray();
            var merges = sample.Merges!.ToArray();
            var types = sample.TokenTypes!.ToArray();
            tokens[random.Next(300)] = i % 2 == 0 ? "" : "x y\uD800";
            merges[random.Next(merges.Length)] = i % 3 == 0 ? " " : "no such";
            types[random.Next(types.Length)] = random.Next(-3, 9);
            Try(() => TokenizerFactory.FromGguf(sample with { Tokens = tokens }));
            Try(() => TokenizerFactory.FromGguf(sample with { Merges = merges }));
            Try(() => TokenizerFactory.FromGguf(sample with { TokenTypes = types, BosId = -7, EosId = int.MaxValue }));
        }
    }

    [Fact]
    public void Ids_that_would_take_much_memory_are_refused()
    {
        Assert.Throws<TokenizerException>(() => Load("rank", "IQ== 0\nIg== 2000000000\n"u8.ToArray()));
        Assert.Throws<TokenizerException>(() => Load("json", """{"model": {"type": "BPE", "vocab": {"a": 2000000000}, "merges": []}, "pre_tokenizer": {"type": "ByteLevel"}}"""u8.ToArray()));
        Assert.Throws<TokenizerException>(() => Load("json", """{"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}, "pre_tokenizer": {"type": "ByteLevel"}}"""u8.ToArray()));
        var config = TokenizerConfig.Read("""{"added_tokens_decoder": {"2000000000": {"content": "x"}}}"""u8.ToArray(), "config");
        Assert.Throws<TokenizerException>(() => TokenizerFactory.FromBytes(Sample("rank"), "ranks", "gpt2", config));
    }

    [Fact]
    public void Json_that_is_not_the_expected_shape_is_refused_by_name()
    {
        var message = Assert.Throws<TokenizerException>(() => Load("json", """{"model": {"vocab": []}, "pre_tokenizer": {"type": "ByteLevel"}}"""u8.ToArray())).Message;
        Assert.Contains("vocab", message);
        Assert.Throws<TokenizerException>(() => Load("json", """{"model": {"vocab": {"\ud800": 1}, "merges": []}, "pre_tokenizer": {"type": "ByteLevel"}}"""u8.ToArray()));
    }

    private static void TryLoad(string form, byte[] bytes) => Try(() => Load(form, bytes));

    private static void Try(Action load)
    {
        try
        {
            load();
        }
        catch (Exception exception) when (exception is TokenizerException or NotSupportedException)
        {
            Assert.NotEmpty(exception.Message);
        }
    }

    private static void Load(string form, byte[] bytes)
    {
        var config = form switch
        {
            "config" => TokenizerConfig.Read(bytes, form),
            "names" => s_none.WithNames(bytes, form),
            "added" => s_none.WithAdded(bytes, form),
            "ids" => s_none.WithIds(bytes, form),
            _ => s_none,
        };
        foreach (var tokenizer in Tokenizers(form, bytes, config))
        {
            tokenizer.Decode(tokenizer.Encode("Once upon a time 123 你好 <|endoftext|>", parseSpecial: true));
            Try(() => TokenizerFactory.FromGguf(GgufVocabularyExport.From(tokenizer)));
        }
    }

    // The tokenizers that a file goes into.
    private static Tokenizer[] Tokenizers(string form, byte[] bytes, TokenizerConfig config) => form switch
    {
        "rank" => [RankFileLoader.Load(bytes, form, "gpt2", config)],
        "sentencepiece" => [SentencePieceLoader.Load(bytes, form, config)],
        "llama2c" => [Llama2cLoader.Load(bytes, form)],
        "vocab" => [VocabularyMergesLoader.Load(bytes, form, Sample("merges"), "gpt2", config)],
        "merges" => [VocabularyMergesLoader.Load(Sample("vocab"), form, bytes, "gpt2", config)],
        "config" or "names" or "added" or "ids" =>
            [.. ((string[])["rank", "sentencepiece", "json", "xai"]).Select(other => TryTokenizer(other, config)).OfType<Tokenizer>()],
        _ => [TokenizerFactory.FromBytes(bytes, form, null, config)],
    };

    private static Tokenizer? TryTokenizer(string form, TokenizerConfig config)
    {
        Tokenizer? tokenizer = null;
        Try(() => tokenizer = Tokenizers(form, Sample(form), config)[0]);
        return tokenizer;
    }

    // Two of the file's words or numbers change places.
    private static byte[] Swap(byte[] sample, int seed)
    {
        var words = Regex.Split(Encoding.Latin1.GetString(sample), "(\\W)");
        var random = new Random(seed);
        for (var rounds = random.Next(1, 4); rounds > 0; rounds--)
        {
            var (a, b) = (random.Next(words.Length), random.Next(words.Length));
            (words[a], words[b]) = (words[b], words[a]);
        }

        return Encoding.Latin1.GetBytes(string.Concat(words));
    }

    private static byte[] Sample(string form) => form switch
    {
        "rank" => Encoding.UTF8.GetBytes(string.Concat(
            Enumerable.Range(0, 300).Select(rank => $"{Convert.ToBase64String(rank < 256 ? [(byte)rank] : [(byte)('a' + rank % 26), (byte)(rank % 7 + 97), (byte)(rank / 26)])} {rank}\n"))),
        "sentencepiece" => File.ReadAllBytes(SharedData.Path("weights", "babyllama-105", "tok105.model")),
        "llama2c" => File.ReadAllBytes(SharedData.Path("weights", "stories260K", "tok512.bin")),
        "json" => SmallJson.ByteLevel(),
        "json-metaspace" => SmallJson.Metaspace(),
        "xai" => SmallJson.Xai("V1"),
        "vocab" => SmallJson.Vocab(),
        "merges" => "#version: 0.2\na b\nab c\n"u8.ToArray(),
        "names" => """{"bos_token": "a", "eos_token": {"content": "<|end|>"}, "pad_token": "b", "unk_token": "ab"}"""u8.ToArray(),
        "added" => """{"<|im_end|>": 310, "<pad>": 305, "ab": 7}"""u8.ToArray(),
        "ids" => """{"model_type": "llama", "bos_token_id": 1, "eos_token_id": [2, 300], "pad_token_id": -1}"""u8.ToArray(),
        _ => File.ReadAllBytes(SharedData.Path("qwen3", "tokenizer_config.json")),
    };
}
