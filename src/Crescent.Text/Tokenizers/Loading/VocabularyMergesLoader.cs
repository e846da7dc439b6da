using System.Text;

namespace Crescent.Text.Tokenizers;

/// <summary>
/// The older pair of files <c>vocab.json</c> (spelled token to id) and <c>merges.txt</c> (two tokens a line, in order), of byte-level BPE.
/// They do not say how text is split: tokenizer_class or model_type beside them does.
/// </summary>
internal static class VocabularyMergesLoader
{
    // By the name that tokenizer_config.json or config.json gives, and by the names of FromPath's pre.
    private static readonly Dictionary<string, PreTokenizer> s_known = new(StringComparer.Ordinal)
    {
        ["Qwen2Tokenizer"] = new PreTokenizer(PreSplitter.Qwen2) { Normalize = true },
        ["GPT2Tokenizer"] = new PreTokenizer(PreSplitter.Gpt2),
        ["qwen2"] = new PreTokenizer(PreSplitter.Qwen2) { Normalize = true },
        ["qwen2_moe"] = new PreTokenizer(PreSplitter.Qwen2) { Normalize = true },
        ["qwen3"] = new PreTokenizer(PreSplitter.Qwen2) { Normalize = true },
        ["qwen3_moe"] = new PreTokenizer(PreSplitter.Qwen2) { Normalize = true },
        ["gpt2"] = new PreTokenizer(PreSplitter.Gpt2),
    };

    public static Tokenizer Load(byte[] vocabularyJson, string where, byte[] merges, string? pre, TokenizerConfig config)
    {
        var splitting = Splitting(where, pre, config);
        using var document = JsonReading.Parse(vocabularyJson, where);
        var ids = TokenizerJsonLoader.ReadVocabulary(new JsonNodeReader(document.RootElement, where));
        var vocabulary = new Vocabulary(TokenizerJsonLoader.Tokens(ids, config.Added, byteLevel: true, where));
        var reader = new MergeListReader(ids, Path.Combine(Path.GetDirectoryName(where) ?? "", "merges.txt"));
        var lines = Lines(merges);
        var ranks = reader.Read(lines.Select(reader.Split), lines.Count);
        int? Find(string? name) => name is null ? null : vocabulary.FindControl(name) ?? vocabulary.FindUserDefined(name);
        var special = new SpecialTokens
        {
            Bos = Find(config.Bos) ?? config.BosId,
            Eos = Find(config.Eos) ?? config.StopIds.Cast<int?>().FirstOrDefault(),
            Pad = Find(config.Pad) ?? config.PadId,
            Unknown = Find(config.Unknown),
            AddBos = config.AddBos ?? false,
            AddEos = config.AddEos ?? false,
            Stops = config.StopIds,
        };
        return new TiktokenTokenizer(vocabulary, special, splitting.Splitter, ranks, wholePieceFirst: false, splitting.Normalize);
    }

    private static PreTokenizer Splitting(string where, string? pre, TokenizerConfig config)
    {
        foreach (var name in pre is null ? (string?[])[config.Class?.Replace("TokenizerFast", "Tokenizer", StringComparison.Ordinal), config.ModelType] : [pre])
        {
            if (name is not null && s_known.TryGetValue(name, out var found))
            {
                return found;
            }
        }

        throw new NotSupportedException(
            $"{where} does not say how it splits text ({(pre is null ? $"tokenizer_class {config.Class ?? "absent"}, model_type {config.ModelType ?? "absent"}" : $"pre = {pre}")}); "
            + $"supported are {string.Join(", ", s_known.Keys)}");
    }

    // The first line may be a comment with the version.
    private static List<string> Lines(byte[] merges)
    {
        var lines = Encoding.UTF8.GetString(merges).Split('\n').Select(line => line.TrimEnd('\r')).Where(line => line.Length > 0).ToList();
        if (lines.Count > 0 && lines[0].StartsWith("#version", StringComparison.Ordinal))
        {
            lines.RemoveAt(0);
        }

        return lines;
    }
}
