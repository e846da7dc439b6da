namespace Crescent.Text.Tokenizers;

/// <summary>What the normalizer and pre_tokenizer of a <c>tokenizer.json</c> come to, recognised by their patterns.</summary>
internal sealed record JsonPipeline(bool ByteLevel, PreSplitter? Splitter, bool Normalize, bool DummyPrefix)
{
    /// <summary>Llama 3's pattern with digits one by one.</summary>
    public static string Qwen2Pattern { get; } = Llama3.Replace(@"\p{N}{1,3}", @"\p{N}", StringComparison.Ordinal);

    private const string Llama3 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    // Whole pipelines by the patterns of their Split steps; where patterns are long, a part that occurs in no other.
    private static readonly (string Name, PreSplitter Splitter, Func<IReadOnlyList<string>, bool> Matches)[] s_known =
    [
        ("Kimi", PreSplitter.Kimi, patterns => patterns.Any(pattern => pattern.Contains(@"\p{Han}", StringComparison.Ordinal))),
        ("o200k", PreSplitter.O200k, patterns =>
            patterns is [var only] && only.Contains(@"\p{Lu}\p{Lt}\p{Lm}\p{Lo}", StringComparison.Ordinal) && only.Contains(@"[\r\n/]*", StringComparison.Ordinal)),
        ("Llama 3", PreSplitter.Llama3, patterns => patterns is [Llama3]),
        ("Qwen 2", PreSplitter.Qwen2, patterns => patterns is [var only] && only == Qwen2Pattern),
        ("DeepSeek-V3", PreSplitter.DeepSeekV3, patterns => patterns is [@"\p{N}{1,3}", var cjk, _] && cjk.Contains('一')),
        ("DeepSeek-LLM", PreSplitter.DeepSeekLlm, patterns => patterns.Contains(@"\s+$")),
        ("DeepSeek-Coder", PreSplitter.DeepSeekCoder, patterns => patterns is ["[\r\n]" or @"[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", ..]),
    ];

    public static JsonPipeline Read(JsonNodeReader root)
    {
        var split = JsonSteps.Read(root.Get("pre_tokenizer"), "pretokenizers");
        var normalizer = JsonSteps.Read(root.Get("normalizer"), "normalizers");
        if (!split.Kinds.Contains("ByteLevel"))
        {
            CheckSentencePiece(split.Kinds, normalizer.Kinds, root.Where);
            return new JsonPipeline(false, null, false, split.Prefix || normalizer.Prefix);
        }

        if (normalizer.Kinds.Except(["NFC", "Sequence"]).FirstOrDefault() is { } other)
        {
            throw new NotSupportedException($"{root.Where}: the normalizer {other} is not supported with byte-level BPE; only NFC is");
        }

        if (split.ByteLevelPrefix)
        {
            throw new NotSupportedException($"{root.Where}: the pre_tokenizer puts a space before every text (add_prefix_space); only false is supported");
        }

        return new JsonPipeline(true, FindSplitter(split, root.Where), normalizer.Kinds.Contains("NFC"), false);
    }

    private static PreSplitter FindSplitter(JsonSteps split, string where)
    {
        // DeepSeek's older files end in a Digits step, which is part of their splitters here.
        var unknown = split.Kinds.Except(["Sequence", "Split", "ByteLevel", "Digits"]).FirstOrDefault();
        if (unknown is null && split.Patterns.Count == 0 && split.ByteLevelSplits)
        {
            return split.Kinds.Contains("Digits") ? PreSplitter.Gpt2Digits : PreSplitter.Gpt2;
        }

        foreach (var (_, splitter, matches) in s_known)
        {
            if (unknown is null && !split.ByteLevelSplits && matches(split.Patterns)
                && (!split.Kinds.Contains("Digits") || splitter == PreSplitter.DeepSeekLlm || splitter == PreSplitter.DeepSeekCoder))
            {
                return splitter;
            }
        }

        var steps = split.Patterns.Select(pattern => $"\"{pattern}\"").Concat(unknown is null ? [] : [unknown]).Concat(split.ByteLevelSplits ? ["GPT-2's pattern"] : []);
        throw new NotSupportedException(
            $"{where}: the pre_tokenizer splits by {string.Join(" then ", steps)}, which is none of {string.Join(", ", s_known.Select(known => known.Name).Append("GPT-2"))}");
    }

    private static void CheckSentencePiece(HashSet<string> kinds, HashSet<string> normalizers, string where)
    {
        var supported = kinds.Contains("Metaspace") || normalizers.Contains("Replace");
        var other = kinds.Except(["Metaspace", "Sequence"]).Concat(normalizers.Except(["Prepend", "Replace", "Sequence"])).FirstOrDefault();
        if (!supported || other is not null)
        {
            throw new NotSupportedException(
                $"{where}: the tokenizer is neither byte-level nor SentencePiece-like (it has {other ?? "no Metaspace"}); only those two are supported");
        }
    }
}
