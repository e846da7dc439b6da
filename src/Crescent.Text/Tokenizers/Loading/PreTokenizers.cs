namespace Crescent.Text.Tokenizers;

/// <summary>The names llama.cpp writes into <c>tokenizer.ggml.pre</c>, and what they mean here.</summary>
internal static class PreTokenizers
{
    private static readonly Dictionary<string, PreTokenizer> s_byName = Build();

    public static PreTokenizer ByName(string name) =>
        s_byName.TryGetValue(name, out var found)
            ? found
            : throw new NotSupportedException($"the pre-tokenizer \"{name}\" is not supported; supported are {string.Join(", ", s_byName.Keys.Order(StringComparer.Ordinal))}");

    /// <summary>The name under which GGUF files have a way of splitting: the plainest of those that mean the same.</summary>
    public static string NameOf(PreSplitter splitter, bool normalize) =>
        s_plainNames.FirstOrDefault(name => s_byName[name].Splitter == splitter && s_byName[name].Normalize == normalize)
        ?? throw new NotSupportedException($"no pre-tokenizer of GGUF splits so{(normalize ? " and normalises to NFC" : "")}; there are {string.Join(", ", s_plainNames)}");

    private static readonly string[] s_plainNames =
        ["gpt-2", "smollm", "llama-bpe", "qwen2", "grok-2", "deepseek-llm", "deepseek-coder", "deepseek-v3", "gpt-4o", "kimi-k2"];

    private static Dictionary<string, PreTokenizer> Build()
    {
        var gpt2 = new PreTokenizer(PreSplitter.Gpt2);
        var gpt2Digits = new PreTokenizer(PreSplitter.Gpt2Digits);
        var llama3 = new PreTokenizer(PreSplitter.Llama3) { WholePieceFirst = true, AddBos = true };
        var qwen2 = new PreTokenizer(PreSplitter.Qwen2) { Normalize = true };
        var deepSeekV3 = new PreTokenizer(PreSplitter.DeepSeekV3);
        return new Dictionary<string, PreTokenizer>(StringComparer.Ordinal)
        {
            ["default"] = gpt2,
            ["gpt-2"] = gpt2,
            ["gpt2"] = gpt2,
            ["phi-2"] = gpt2,
            ["mellum"] = gpt2,
            ["smollm"] = gpt2Digits,
            ["starcoder"] = gpt2Digits,
            ["refact"] = gpt2Digits,
            ["command-r"] = gpt2Digits,
            ["llama3"] = llama3,
            ["llama-v3"] = llama3,
            ["llama-bpe"] = llama3,
            ["falcon3"] = llama3,
            ["qwen2"] = qwen2,
            ["deepseek-r1-qwen"] = qwen2,
            ["megrez"] = qwen2,
            // Grok-2 shares the pattern, not the normalisation.
            ["grok-2"] = new PreTokenizer(PreSplitter.Qwen2),
            ["deepseek-llm"] = new PreTokenizer(PreSplitter.DeepSeekLlm),
            ["deepseek-coder"] = new PreTokenizer(PreSplitter.DeepSeekCoder),
            ["deepseek-v3"] = deepSeekV3,
            ["deepseek-r1"] = deepSeekV3,
            ["hunyuan-dense"] = deepSeekV3,
            ["gpt-4o"] = new PreTokenizer(PreSplitter.O200k),
            ["o200k"] = new PreTokenizer(PreSplitter.O200k),
            ["llama4"] = new PreTokenizer(PreSplitter.O200k) { AddBos = true },
            // Ids of normal tokens are their ranks, so the merges of the file are not needed.
            ["kimi-k2"] = new PreTokenizer(PreSplitter.Kimi) { WholePieceFirst = true, IdsAreRanks = true },
        };
    }
}
