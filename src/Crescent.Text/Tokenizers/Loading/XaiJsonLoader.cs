using System.Text;
using System.Text.Json;

namespace Crescent.Text.Tokenizers;

/// <summary>
/// xAI's <c>tokenizer.tok.json</c> of Grok-2: <c>regular_tokens</c> and <c>special_tokens</c>, lists of <c>{"bytes": […], "token": id}</c>, with
/// <c>word_split</c> and <c>vocab_size</c> (sgl-project/sglang, python/sglang/srt/tokenizer/tiktoken_tokenizer.py). Ids are ranks.
/// </summary>
internal static class XaiJsonLoader
{
    private const string Separator = "<|separator|>";

    public static Tokenizer Load(JsonNodeReader root, TokenizerConfig config)
    {
        CheckSplit(root);
        var regular = root.Require("regular_tokens");
        var special = root.Require("special_tokens");
        var most = 2L * ((long)regular.Count + special.Count) + TokenizerConfig.MostAdded;
        var count = root.Get("vocab_size")?.Integer() ?? 0;
        if (count > most)
        {
            throw new TokenizerException($"{root.Where}: vocab_size {count}, expected at most {most}");
        }

        var entries = new List<TokenEntry>();
        Read(regular, TokenKind.Normal, most, entries);
        Read(special, TokenKind.Control, most, entries);
        while (entries.Count < count)
        {
            entries.Add(new TokenEntry([], TokenKind.Unused));
        }

        var vocabulary = new Vocabulary(entries);
        var roles = new SpecialTokens
        {
            Eos = vocabulary.FindControl("<|eos|>") ?? config.StopIds.Cast<int?>().FirstOrDefault(),
            Eot = vocabulary.FindControl(Separator),
            Pad = vocabulary.FindControl("<|pad|>") ?? config.PadId,
            Stops = config.StopIds,
        };
        return new TiktokenTokenizer(
            vocabulary, roles, PreSplitter.Qwen2, new TokenRanks(vocabulary.Pieces), wholePieceFirst: true, normalize: false);
    }

    private static void CheckSplit(JsonNodeReader root)
    {
        if (root.Get("pat_str")?.Text() is { } pattern)
        {
            if (pattern != JsonPipeline.Qwen2Pattern)
            {
                throw new NotSupportedException($"{root.Where}: pat_str is \"{pattern}\"; supported is \"{JsonPipeline.Qwen2Pattern}\"");
            }
        }
        else if (root.Get("word_split")?.Text() is var split and not "V1")
        {
            throw new NotSupportedException($"{root.Where}: word_split is {split ?? "absent"}; supported is V1");
        }
    }

    private static void Read(JsonNodeReader list, TokenKind kind, long most, List<TokenEntry> entries)
    {
        foreach (var token in list.Items())
        {
            var id = token.Require("token").Integer();
            if (id < 0 || id > most)
            {
                throw new TokenizerException($"{list.Where}: token id {id}, expected 0 to {most}");
            }

            while (entries.Count <= id)
            {
                entries.Add(new TokenEntry([], TokenKind.Unused));
            }

            entries[id] = entries[id].Kind == TokenKind.Unused
                ? new TokenEntry(Bytes(token.Require("bytes")), kind)
                : throw new TokenizerException($"{list.Where}: token id {id} appears twice");
        }
    }

    // A list of byte values, or a string that stands for its UTF-8.
    private static byte[] Bytes(JsonNodeReader node) => node.Kind == JsonValueKind.String
        ? Encoding.UTF8.GetBytes(node.Text())
        : [.. node.Items().Select(item => item.Integer() is >= 0 and <= 255 and var value
            ? (byte)value
            : throw new TokenizerException($"{node.Where}: {item.Integer()} is no byte"))];
}
