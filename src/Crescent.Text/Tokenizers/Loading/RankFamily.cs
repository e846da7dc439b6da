namespace Crescent.Text.Tokenizers;

/// <summary>What a rank file does not say itself: how text is split, and which control tokens there are (reference models.md 4.1, 4.3).</summary>
internal sealed record RankFamily(string Name, PreSplitter Splitter, Func<int, IEnumerable<(int Id, string Name)>> SpecialNames)
{
    private static readonly RankFamily[] s_all =
    [
        new("kimi-k2", PreSplitter.Kimi, RankSpecials.Kimi)
        {
            Sha256 = "b6c497a7469b33ced9c38afb1ad6e47f03f5e5dc05f15930799210ec050c5103",
            ModelTypes = ["kimi_k2", "kimi_linear"],
            Class = "TikTokenTokenizer",
            Bos = "[BOS]",
            Eos = "[EOS]",
            Eot = "<|im_end|>",
            Pad = "[PAD]",
            Unknown = "[UNK]",
        },
        new("deepseek-v3", PreSplitter.DeepSeekV3, RankSpecials.DeepSeekV3)
        {
            Sha256 = "ea361439831165203088c236a65f20163f58a68d735b51593dfe1068a23920b2",
            Bos = "<｜begin▁of▁sentence｜>",
            Eos = "<｜end▁of▁sentence｜>",
            Pad = "<｜▁pad▁｜>",
        },
        new("o200k", PreSplitter.O200k, RankSpecials.O200k)
        {
            Sha256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
            ModelTypes = ["gpt_oss"],
            Bos = "<|startoftext|>",
            Eos = "<|endoftext|>",
            Eot = "<|return|>",
        },
        new("llama3", PreSplitter.Llama3, RankSpecials.Llama3)
        {
            // Meta's tokenizer.model, with a params.json beside it that says nothing of its kind.
            Sha256 = "82e9d31979e92ab929cd544440f129d9ecd797b69e327f80f17e1c50d5551b55",
            Ranks = 128000,
            ModelTypes = ["llama"],
            Bos = "<|begin_of_text|>",
            Eos = "<|end_of_text|>",
            Eot = "<|eot_id|>",
            Pad = "<|finetune_right_pad_id|>",
            AddBos = true,
        },
        new("qwen2", PreSplitter.Qwen2, RankSpecials.Qwen2) { ModelTypes = ["qwen", "qwen2", "qwen3", "qwen3_moe"], Eos = "<|im_end|>", Pad = "<|endoftext|>", Normalize = true },
        new("gpt2", PreSplitter.Gpt2, count => [(count, "<|endoftext|>")]) { Bos = "<|endoftext|>", Eos = "<|endoftext|>" },
    ];

    public static IReadOnlyList<string> Names { get; } = [.. s_all.Select(family => family.Name)];

    /// <summary>The one published file of this family, where there is just one.</summary>
    public string? Sha256 { get; init; }

    /// <summary>The number of ranks that no other family has.</summary>
    public int? Ranks { get; init; }

    /// <summary>model_type of the models that come with such a file.</summary>
    public IReadOnlyList<string?> ModelTypes { get; init; } = [];

    /// <summary>tokenizer_class of the files beside it.</summary>
    public string? Class { get; init; }

    public string? Bos { get; init; }

    public string? Eos { get; init; }

    public string? Eot { get; init; }

    public string? Pad { get; init; }

    public string? Unknown { get; init; }

    public bool AddBos { get; init; }

    public bool Normalize { get; init; }

    public static RankFamily ByName(string name) =>
        Array.Find(s_all, family => family.Name == name)
        ?? throw new NotSupportedException($"the rank file family \"{name}\" is not supported; supported are {string.Join(", ", Names)}");

    /// <summary>The family of a published file, else the one that its size or the files beside it tell.</summary>
    public static RankFamily Find(string sha256, int ranks, TokenizerConfig config, string where) =>
        Array.Find(s_all, family => family.Sha256 == sha256)
        ?? Array.Find(s_all, family => family.Ranks == ranks)
        ?? Array.Find(s_all, family => family.ModelTypes.Contains(config.ModelType) || (config.Class is not null && family.Class == config.Class))
        ?? throw new TokenizerException(
            $"{where} is a rank file with an unknown SHA-256 ({sha256}); say how it splits text: pre = {string.Join(" | ", Names)}");
}
