using System.Text;

namespace Crescent.Text.Tokenizers;

/// <summary>Hugging Face's <c>tokenizer.json</c> with a BPE model: byte-level, or SentencePiece-like with byte fallback.</summary>
internal static class TokenizerJsonLoader
{
    public static Tokenizer Load(JsonNodeReader root, TokenizerConfig config)
    {
        var where = root.Where;
        var model = root.Require("model");
        if (model.Get("type")?.Text() is { } type && type != "BPE")
        {
            throw new NotSupportedException($"{where}: the model is of type {type}; only BPE is supported");
        }

        var pipeline = JsonPipeline.Read(root);
        var ids = ReadVocabulary(model.Require("vocab"));
        var tokens = Tokens(ids, Added(root, config), pipeline.ByteLevel, where);
        var reader = new MergeListReader(ids, $"{where}: model: merges");
        var merges = model.Require("merges");
        var ranks = reader.Read(merges.Items().Select((merge, rank) => Pair(merge, rank, reader)), merges.Count);
        var vocabulary = new Vocabulary(tokens);
        var special = Special(vocabulary, root, model, config);
        return pipeline.ByteLevel
            ? new TiktokenTokenizer(
                vocabulary, special, pipeline.Splitter!, ranks, model.Get("ignore_merges")?.Flag() ?? false, pipeline.Normalize)
            : new SentencePieceTokenizer(vocabulary, special, ranks, new SentencePieceOptions { DummyPrefix = pipeline.DummyPrefix });
    }

    /// <summary>Tokens by their spelling.</summary>
    public static Dictionary<string, int> ReadVocabulary(JsonNodeReader vocabulary)
    {
        // Ids index memory: a few may be left out, not most.
        var most = 2L * vocabulary.Count + TokenizerConfig.MostAdded;
        var ids = new Dictionary<string, int>(vocabulary.Count, StringComparer.Ordinal);
        foreach (var (token, value) in vocabulary.Properties())
        {
            ids[token] = CheckId(value.Integer(), most, value.Where);
        }

        return ids;
    }

    private static int CheckId(int id, long most, string where) =>
        id >= 0 && id <= most ? id : throw new TokenizerException($"{where}: token id {id}, expected 0 to {most}");

    /// <summary>The entry of every id; ids that nothing names are unused.</summary>
    public static TokenEntry[] Tokens(
        Dictionary<string, int> ids, IReadOnlyDictionary<int, (string Content, bool Special)> added, bool byteLevel, string where)
    {
        var most = 2L * ids.Count + TokenizerConfig.MostAdded;
        var last = -1;
        foreach (var id in ids.Values.Concat(added.Keys))
        {
            last = Math.Max(last, CheckId(id, most, where));
        }

        var tokens = new TokenEntry[last + 1];
        Array.Fill(tokens, new TokenEntry([], TokenKind.Unused));
        foreach (var (text, id) in ids)
        {
            tokens[id] = byteLevel ? new TokenEntry(ByteSpelling.Read(text), TokenKind.Normal)
                : IsBytePiece(text) ? new TokenEntry(Encoding.UTF8.GetBytes(text), TokenKind.Byte)
                : new TokenEntry(Encoding.UTF8.GetBytes(text), TokenKind.Normal);
        }

        foreach (var (id, token) in added)
        {
            tokens[id] = new TokenEntry(Encoding.UTF8.GetBytes(token.Content), token.Special ? TokenKind.Control : TokenKind.UserDefined);
        }

        return tokens;
    }

    private static Dictionary<int, (string Content, bool Special)> Added(JsonNodeReader root, TokenizerConfig config)
    {
        var added = config.Added.ToDictionary();
        foreach (var token in root.Get("added_tokens")?.Items() ?? [])
        {
            added[token.Require("id").Integer()] = (token.Require("content").Text(), token.Get("special")?.Flag() ?? false);
        }

        return added;
    }

    private static bool IsBytePiece(string text) =>
        text.Length == 6 && text.StartsWith("<0x", StringComparison.Ordinal) && text[5] == '>'
        && char.IsAsciiHexDigitUpper(text[3]) && char.IsAsciiHexDigitUpper(text[4]);

    // "left right" in older files, ["left", "right"] in newer ones.
    private static (string Left, string Right) Pair(JsonNodeReader merge, int rank, MergeListReader reader)
    {
        if (merge.Kind == System.Text.Json.JsonValueKind.String)
        {
            return reader.Split(merge.Text(), rank);
        }

        var pair = merge.Items().ToList();
        return pair.Count == 2
            ? (pair[0].Text(), pair[1].Text())
            : throw new TokenizerException($"{merge.Where}: merge {rank} has {pair.Count} tokens, expected 2");
    }

    private static SpecialTokens Special(Vocabulary vocabulary, JsonNodeReader root, JsonNodeReader model, TokenizerConfig config)
    {
        int? Find(string? name) => name is null ? null : vocabulary.FindControl(name) ?? vocabulary.FindUserDefined(name);
        var first = FirstOfTemplate(root.Get("post_processor"));
        var bos = Find(config.Bos) ?? Find(first) ?? config.BosId;
        return new SpecialTokens
        {
            Bos = bos,
            Eos = Find(config.Eos) ?? config.StopIds.Cast<int?>().FirstOrDefault(),
            Pad = Find(config.Pad) ?? config.PadId,
            Unknown = Find(config.Unknown ?? model.Get("unk_token")?.Text()),
            AddBos = config.AddBos ?? (first is not null && bos == Find(first)),
            AddEos = config.AddEos ?? false,
            Stops = config.StopIds,
        };
    }

    // The special token that post-processing puts before a text, such as Llama 3's <|begin_of_text|>.
    private static string? FirstOfTemplate(JsonNodeReader? processor) => processor?.Get("type")?.Text() switch
    {
        "Sequence" => processor.Require("processors").Items().Select(FirstOfTemplate).FirstOrDefault(name => name is not null),
        "TemplateProcessing" => processor.Require("single").Items().FirstOrDefault()?.Get("SpecialToken")?.Require("id").Text(),
        _ => null,
    };
}
