using System.Text;
using Crescent.Tests;
using Crescent.Text.Tests.Support;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Tests.Tokenizers;

/// <summary>Broken files end in a TokenizerException, or a NotSupportedException where they now ask for something else; never in anything worse.</summary>
public class HostileFileTests
{
    private static readonly TokenizerConfig s_none = TokenizerConfig.Empty;

    public static TheoryData<string> Forms => ["rank", "sentencepiece", "llama2c", "json", "json-metaspace", "config"];

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

        for (var cut = 1; cut < 50; cut++)
        {
            TryLoad(form, bytes[..^cut]);
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Corrupted_files_are_refused_or_load(string form)
    {
        var sample = Sample(form);
        var random = new Random(3);
        for (var i = 0; i < 200; i++)
        {
            var bytes = sample.ToArray();
            for (var flips = random.Next(1, 9); flips > 0; flips--)
            {
                // Half of the damage near the start, where headers are.
                var at = random.Next(2) == 0 ? random.Next(bytes.Length) : random.Next(Math.Min(200, bytes.Length));
                bytes[at] = random.Next(3) switch { 0 => 0xFF, 1 => (byte)random.Next(256), _ => (byte)(bytes[at] ^ (1 << random.Next(8))) };
            }

            TryLoad(form, bytes);
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
        if (form == "config")
        {
            TokenizerConfig.Read(bytes, form);
            return;
        }

        var tokenizer = form switch
        {
            "rank" => RankFileLoader.Load(bytes, form, "gpt2", s_none),
            "sentencepiece" => SentencePieceLoader.Load(bytes, form, s_none),
            "llama2c" => Llama2cLoader.Load(bytes, form),
            _ => TokenizerFactory.FromBytes(bytes, form, null, s_none),
        };
        tokenizer.Decode(tokenizer.Encode("Once upon a time 123 你好 <|endoftext|>", parseSpecial: true));
    }

    private static byte[] Sample(string form) => form switch
    {
        "rank" => Encoding.UTF8.GetBytes(string.Concat(
            Enumerable.Range(0, 300).Select(rank => $"{Convert.ToBase64String(rank < 256 ? [(byte)rank] : [(byte)('a' + rank % 26), (byte)(rank % 7 + 97), (byte)(rank / 26)])} {rank}\n"))),
        "sentencepiece" => File.ReadAllBytes(SharedData.Path("weights", "babyllama-105", "tok105.model")),
        "llama2c" => File.ReadAllBytes(SharedData.Path("weights", "stories260K", "tok512.bin")),
        "json" => SmallJson.ByteLevel(),
        "json-metaspace" => SmallJson.Metaspace(),
        _ => File.ReadAllBytes(SharedData.Path("qwen3", "tokenizer_config.json")),
    };
}
