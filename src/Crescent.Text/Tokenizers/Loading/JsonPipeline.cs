namespace Crescent.Text.Tokenizers;

/// <summary>What the normalizer and pre_tokenizer of a <c>tokenizer.json</c> come to, recognised by their patterns.</summary>
internal sealed record JsonPipeline(bool ByteLevel, PreSplitter? Splitter, bool Normalize, bool DummyPrefix)
{
    private const string Llama3 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    // Whole pipelines by the patterns of their Split steps; where patterns are long, a part that occurs in no other.
    private static readonly (string Name, PreSplitter Splitter, Func<IReadOnlyList<string>, bool> Matches)[] s_known =
    [
        ("Kimi", PreSplitter.Kimi, patterns => patterns.Any(pattern => pattern.Contains(@"\p{Han}", StringComparison.Ordinal))),
        ("o200k", PreSplitter.O200k, patterns =>
            patterns is [var only] && only.Contains(@"\p{Lu}\p{Lt}\p{Lm}\p{Lo}", StringComparison.Ordinal) && only.Contains(@"[\r\n/]*", StringComparison.Ordinal)),
        ("Llama 3", PreSplitter.Llama3, patterns => patterns is [Llama3]),
        ("Qwen 2", PreSplitter.Qwen2, patterns => patterns is [var only] && only == Llama3.Replace(@"\p{N}{1,3}", @"\p{N}", StringComparison.Ordinal)),
        ("DeepSeek-V3", PreSplitter.DeepSeekV3, patterns => patterns is [@"\p{N}{1,3}", var cjk, _] && cjk.Contains('一')),
        ("DeepSeek-LLM", PreSplitter.DeepSeekLlm, patterns => patterns.Contains(@"\s+$")),
        ("DeepSeek-Coder", PreSplitter.DeepSeekCoder, patterns => patterns is ["[\r\n]" or @"[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", ..]),
        ("GPT-2", PreSplitter.Gpt2, patterns => patterns.Count == 0),
    ];

    public static JsonPipeline Read(JsonNodeReader root)
    {
        var patterns = new List<string>();
        var kinds = new HashSet<string>(StringComparer.Ordinal);
        var prefix = false;
        Walk(root.Get("pre_tokenizer"), "pretokenizers", kinds, patterns, ref prefix);
        var byteLevel = kinds.Contains("ByteLevel");
        var normalizers = new HashSet<string>(StringComparer.Ordinal);
        Walk(root.Get("normalizer"), "normalizers", normalizers, [], ref prefix);
        if (!byteLevel)
        {
            CheckSentencePiece(kinds, normalizers, root.Where);
            return new JsonPipeline(false, null, false, prefix);
        }

        if (normalizers.Except(["NFC", "Sequence"]).FirstOrDefault() is { } other)
        {
            throw new NotSupportedException($"{root.Where}: the normalizer {other} is not supported with byte-level BPE; only NFC is");
        }

        foreach (var (_, splitter, matches) in s_known)
        {
            if (matches(patterns))
            {
                return new JsonPipeline(true, splitter, normalizers.Contains("NFC"), false);
            }
        }

        throw new NotSupportedException(
            $"{root.Where}: the pre_tokenizer splits by {string.Join(" then ", patterns.Select(pattern => $"\"{pattern}\""))}, "
            + $"which is none of {string.Join(", ", s_known.Select(known => known.Name))}");
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

    private static void Walk(JsonNodeReader? step, string children, HashSet<string> kinds, List<string> patterns, ref bool prefix)
    {
        if (step is null)
        {
            return;
        }

        var kind = step.Require("type").Text();
        kinds.Add(kind);
        switch (kind)
        {
            case "Sequence":
                foreach (var child in step.Require(children).Items())
                {
                    Walk(child, children, kinds, patterns, ref prefix);
                }

                break;
            case "Split":
                var pattern = step.Require("pattern");
                patterns.Add((pattern.Get("Regex") ?? pattern.Require("String")).Text());
                break;
            case "Prepend":
                prefix = true;
                break;
            case "Metaspace":
                prefix |= (step.Get("prepend_scheme")?.Text() ?? "always") != "never" && (step.Get("add_prefix_space")?.Flag() ?? true);
                break;
        }
    }
}
