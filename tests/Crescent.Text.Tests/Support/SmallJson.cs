using System.Text;
using System.Text.Json;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Tests.Support;

/// <summary>Small files of the form of Hugging Face's tokenizer.json.</summary>
internal static class SmallJson
{
    public static byte[] ByteLevel(string? pattern = null, string? normalizer = null) => Serialize(new Dictionary<string, object?>
    {
        ["added_tokens"] = new object[] { Added(300, "<|end|>", true), Added(301, "<tag>", false) },
        ["normalizer"] = normalizer is null ? null : new { type = normalizer },
        ["pre_tokenizer"] = pattern is null
            ? new { type = "ByteLevel", use_regex = true }
            : new { type = "Sequence", pretokenizers = new object[] { new { type = "Split", pattern = new { Regex = pattern } }, new { type = "ByteLevel", use_regex = false } } },
        ["post_processor"] = new { type = "TemplateProcessing", single = new object[] { new { SpecialToken = new { id = "<|end|>" } } } },
        ["model"] = new
        {
            type = "BPE",
            vocab = Enumerable.Range(0, 256).Select(value => (ByteSpelling.Spell([(byte)value]), value))
                .Concat([("ab", 256), ("abc", 257), ("Ġa", 258)]).ToDictionary(token => token.Item1, token => token.Item2),
            merges = new object[] { "a b", new[] { "ab", "c" }, "Ġ a" },
        },
    });

    public static byte[] Metaspace() => Serialize(new Dictionary<string, object?>
    {
        ["added_tokens"] = new object[] { Added(0, "<unk>", true), Added(1, "<s>", true), Added(2, "</s>", true) },
        ["normalizer"] = new { type = "Sequence", normalizers = new object[] { new { type = "Prepend", prepend = "\u2581" }, new { type = "Replace", pattern = new { String = " " }, content = "\u2581" } } },
        ["pre_tokenizer"] = null,
        ["model"] = new
        {
            type = "BPE",
            unk_token = "<unk>",
            byte_fallback = true,
            vocab = new[] { ("<unk>", 0), ("<s>", 1), ("</s>", 2), ("\u2581", 259), ("a", 260), ("b", 261), ("\u2581a", 262), ("ab", 263) }
                .Concat(Enumerable.Range(0, 256).Select(value => ($"<0x{value:X2}>", value + 3))).ToDictionary(token => token.Item1, token => token.Item2),
            merges = new object[] { "\u2581 a", "a b" },
        },
    });

    /// <summary>xAI's form, as Grok-2 has it.</summary>
    public static byte[] Xai(string split)
    {
        string[] special = ["<|pad|>", "<|separator|>", "<|eos|>"];
        return Serialize(new
        {
            regular_tokens = Enumerable.Range(0, 256).Select(value => new { bytes = (int[])[value], token = value + 3 })
                .Append(new { bytes = (int[])['a', 'b'], token = 259 }).Append(new { bytes = (int[])['a', 'b', 'c'], token = 260 }),
            special_tokens = special.Select((name, id) => new { bytes = Encoding.UTF8.GetBytes(name).Select(value => (int)value), token = id }),
            vocab_size = 300,
            word_split = split,
        });
    }

    /// <summary>vocab.json</summary>
    public static byte[] Vocab() => Serialize(Enumerable.Range(0, 256).Select(value => (ByteSpelling.Spell([(byte)value]), value))
        .Concat([("ab", 256), ("abc", 257)]).ToDictionary(token => token.Item1, token => token.Item2));

    private static object Added(int id, string content, bool special) => new { id, content, special };

    private static byte[] Serialize(object value) => Encoding.UTF8.GetBytes(JsonSerializer.Serialize(value));
}
