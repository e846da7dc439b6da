namespace Crescent.Text.Tokenizers;

/// <summary>What a rank file does not say itself: how text is split, and which control tokens there are (reference models.md 4.1, 4.3).</summary>
internal sealed record RankFamily(string Name, PreSplitter Splitter, Func<int, IEnumerable<(int Id, string Name)>> SpecialNames)
{
    private static readonly RankFamily[] s_all =
    [
        new("kimi-k2", PreSplitter.Kimi, RankSpecials.Kimi)
        {
            Sha256 = "b6c497a7469b33ced9c38afb1ad6e47f03f5e5dc05f15930799210ec050c5103",
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
            Bos = "<|startoftext|>",
            Eos = "<|endoftext|>",
            Eot = "<|return|>",
        },
        new("llama3", PreSplitter.Llama3, RankSpecials.Llama3)
        {
            Bos = "<|begin_of_text|>",
            Eos = "<|end_of_text|>",
            Eot = "<|eot_id|>",
            Pad = "<|finetune_right_pad_id|>",
            AddBos = true,
        },
        new("qwen2", PreSplitter.Qwen2, RankSpecials.Qwen2) { Eos = "<|im_end|>", Pad = "<|endoftext|>", Normalize = true },
        new("gpt2", PreSplitter.Gpt2, count => [(count, "<|endoftext|>")]) { Bos = "<|endoftext|>", Eos = "<|endoftext|>" },
    ];

    public static IReadOnlyList<string> Names { get; } = [.. s_all.Select(family => family.Name)];

    /// <summary>The one published file of this family, where there is just one.</summary>
    public string? Sha256 { get; init; }

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

    public static RankFamily ByHash(string sha256, string where) =>
        Array.Find(s_all, family => family.Sha256 == sha256)
        ?? throw new TokenizerException(
            $"{where} is a rank file with an unknown SHA-256 ({sha256}); say how it splits text: pre = {string.Join(" | ", Names)}");
}
