namespace Crescent.Engine.Synthesis.Tokenizers;

/// <summary>What a family's <c>tokenizer.json</c> says besides its tokens: how text is split, and what is done before and after.</summary>
/// <param name="ClassName"><c>tokenizer_class</c>.</param>
/// <param name="Patterns">Regular expressions that split a text one after the other.</param>
internal sealed record JsonFamily(string ClassName, IReadOnlyList<string> Patterns)
{
    private const string Tail = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Words = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+";
    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
    private const string Upper = @"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]";
    private const string Lower = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";

    // The patterns are those of each release's tokenizer.json: meta-llama/Llama-3.2-1B, Qwen/Qwen3-30B-A3B, deepseek-ai/DeepSeek-V3, openai/gpt-oss-20b.
    private static readonly Dictionary<string, JsonFamily> s_byPre = new(StringComparer.Ordinal)
    {
        ["llama-bpe"] = new("PreTrainedTokenizerFast", [$@"{Words}|\p{{N}}{{1,3}}{Tail}"]) { IgnoresMerges = true },
        ["qwen2"] = new("Qwen2Tokenizer", [$@"{Words}|\p{{N}}{Tail}"]) { Normalizes = true },
        ["deepseek-v3"] = new("LlamaTokenizerFast",
        [
            @"\p{N}{1,3}",
            "[一-龥぀-ゟ゠-ヿ]+",
            @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ]),
        ["gpt-4o"] = new("PreTrainedTokenizerFast",
        [
            $@"[^\r\n\p{{L}}\p{{N}}]?{Upper}*{Lower}+{Contractions}|[^\r\n\p{{L}}\p{{N}}]?{Upper}+{Lower}*{Contractions}"
            + @"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ]),
    };

    /// <summary>Whether text becomes NFC first.</summary>
    public bool Normalizes { get; init; }

    /// <summary>Whether a piece that is a token whole is not merged.</summary>
    public bool IgnoresMerges { get; init; }

    /// <param name="pre">GGUF's name of the way of splitting.</param>
    public static JsonFamily Of(string pre) => s_byPre[pre];
}
