using Crescent.Text.Tokenizers;

namespace Crescent.Text.Tests.Support;

/// <summary>A <c>tokenizer.json</c> as published models have it, from a vocabulary known in another form.</summary>
internal static class PublishedJson
{
    private const string DeepSeekWords =
        @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string O200k =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public static object DeepSeekV3(GgufVocabulary vocabulary) => ByteLevel(vocabulary, @"\p{N}{1,3}", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+", DeepSeekWords);

    public static object GptOss(GgufVocabulary vocabulary) => ByteLevel(vocabulary, O200k);

    /// <summary>SentencePiece's kind: merges are every two pieces that spell a third, by its score.</summary>
    public static object SentencePiece(GgufVocabulary vocabulary)
    {
        var ids = Vocab(vocabulary, withControl: true);
        var merges = new List<(float Score, int Left, int Right, string[] Pair)>();
        for (var id = 0; id < vocabulary.Tokens.Count; id++)
        {
            var token = vocabulary.Tokens[id];
            for (var cut = 1; cut < token.Length && vocabulary.TokenTypes![id] == 1; cut++)
            {
                if (IsNormal(token[..cut], out var left) && IsNormal(token[cut..], out var right))
                {
                    merges.Add((vocabulary.Scores![id], left, right, [token[..cut], token[cut..]]));
                }
            }
        }

        return new
        {
            added_tokens = Added(vocabulary),
            normalizer = new { type = "Sequence", normalizers = new object[] { new { type = "Prepend", prepend = "\u2581" }, new { type = "Replace", pattern = new { String = " " }, content = "\u2581" } } },
            model = new
            {
                type = "BPE",
                unk_token = "<unk>",
                byte_fallback = true,
                vocab = ids,
                merges = merges.OrderByDescending(merge => merge.Score).ThenBy(merge => merge.Left).ThenBy(merge => merge.Right).Select(merge => merge.Pair),
            },
        };

        bool IsNormal(string text, out int id) => ids.TryGetValue(text, out id) && vocabulary.TokenTypes![id] == 1;
    }

    private static object ByteLevel(GgufVocabulary vocabulary, params string[] patterns) => new
    {
        added_tokens = Added(vocabulary),
        pre_tokenizer = new
        {
            type = "Sequence",
            pretokenizers = patterns.Select(pattern => (object)new { type = "Split", pattern = new { Regex = pattern }, behavior = "Isolated", invert = false })
                .Append(new { type = "ByteLevel", add_prefix_space = false, trim_offsets = true, use_regex = false }),
        },
        model = new { type = "BPE", ignore_merges = false, vocab = Vocab(vocabulary, withControl: false), merges = vocabulary.Merges },
    };

    private static Dictionary<string, int> Vocab(GgufVocabulary vocabulary, bool withControl) =>
        Enumerable.Range(0, vocabulary.Tokens.Count).Where(id => withControl || vocabulary.TokenTypes![id] == 1).ToDictionary(id => vocabulary.Tokens[id]);

    private static IEnumerable<object> Added(GgufVocabulary vocabulary) =>
        Enumerable.Range(0, vocabulary.Tokens.Count).Where(id => vocabulary.TokenTypes![id] is 2 or 3)
            .Select(id => new { id, content = vocabulary.Tokens[id], special = true });
}
