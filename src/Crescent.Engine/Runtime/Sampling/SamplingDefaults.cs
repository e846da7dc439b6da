using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;

namespace Crescent.Engine.Runtime.Sampling;

/// <summary>A model's own sampling settings, and where they come from.</summary>
/// <param name="Source">For people: the metadata keys, the model's card, or the generic default.</param>
public sealed record SamplingDefaults(SamplingOptions Options, string Source)
{
    // llama.cpp's own defaults (common.h, common_params_sampling).
    private static readonly SamplingOptions s_generic = new() { Temperature = 0.8f, TopK = 40, TopP = 0.95f, MinP = 0.05f };

    // First match wins: all words of Names occur in the model's name, lower case without separators; or the architecture alone decides.
    private static readonly (string[] Words, string Architecture, SamplingOptions Options, string Source)[] s_models =
    [
        (["kimi", "k2", "thinking"], "deepseek2", new() { Temperature = 1 }, "Kimi K2 Thinking's card"),
        (["kimi", "k25"], "deepseek2", new() { Temperature = 1, TopP = 0.95f }, "Kimi K2.5's card, thinking"),
        (["kimi", "k26"], "deepseek2", new() { Temperature = 1, TopP = 0.95f }, "Kimi K2.5's card, thinking"),
        (["kimi", "k2"], "deepseek2", new() { Temperature = 0.6f }, "Kimi K2 Instruct's card"),
        (["deepseek", "r1"], "", new() { Temperature = 0.6f, TopP = 0.95f }, "DeepSeek-R1's card"),
        (["deepseek", "v3"], "deepseek2", new() { Temperature = 0.3f }, "DeepSeek's API at temperature 1"),
        (["qwen3", "instruct"], "", new() { Temperature = 0.7f, TopP = 0.8f, TopK = 20 }, "Qwen3's card, not thinking"),
        (["qwen3"], "", new() { Temperature = 0.6f, TopP = 0.95f, TopK = 20 }, "Qwen3's card, thinking"),
        ([], "qwen3moe", new() { Temperature = 0.6f, TopP = 0.95f, TopK = 20 }, "Qwen3's card, thinking"),
        ([], "qwen3", new() { Temperature = 0.6f, TopP = 0.95f, TopK = 20 }, "Qwen3's card, thinking"),
        ([], "gpt-oss", new() { Temperature = 1 }, "gpt-oss's card"),
    ];

    /// <summary>What the file says under <c>general.sampling.*</c>, over what is known of the model.</summary>
    /// <exception cref="CheckpointException">A value is out of its range.</exception>
    public static SamplingDefaults For(GgufMetadata metadata)
    {
        metadata.TryGetString("general.architecture", out var architecture);
        metadata.TryGetString("general.name", out var name);
        var known = For(architecture, name);
        var stated = new SamplingOverrides
        {
            Temperature = Single(metadata, "temp"),
            TopK = Int32(metadata, "top_k") is { } topK ? Math.Max(0, topK) : null,
            TopP = Single(metadata, "top_p"),
            MinP = Single(metadata, "min_p"),
            XtcProbability = Single(metadata, "xtc_probability"),
            XtcThreshold = Single(metadata, "xtc_threshold"),
            PenaltyLastN = Int32(metadata, "penalty_last_n"),
            RepetitionPenalty = Single(metadata, "penalty_repeat"),
        };
        try
        {
            return stated == new SamplingOverrides()
                ? known
                : new SamplingDefaults(stated.Over(known.Options), $"general.sampling.* of the file, the rest {known.Source}");
        }
        catch (ArgumentOutOfRangeException exception)
        {
            throw new CheckpointException($"metadata keys 'general.sampling.*': {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
    }

    /// <param name="architecture">The GGUF architecture (<c>deepseek2</c>, <c>grok</c> …).</param>
    /// <param name="name">The model's name as its file or folder gives it.</param>
    public static SamplingDefaults For(string? architecture, string? name)
    {
        var plain = string.Concat((name ?? "").Where(char.IsLetterOrDigit)).ToLowerInvariant();
        foreach (var model in s_models)
        {
            if (model.Words.All(word => plain.Contains(word, StringComparison.Ordinal)) && (model.Words.Length > 0 || model.Architecture == architecture)
                && (model.Architecture.Length == 0 || architecture is null || model.Architecture == architecture))
            {
                return new SamplingDefaults(model.Options, model.Source);
            }
        }

        return new SamplingDefaults(s_generic, architecture == "grok" ? "generic (Grok-1's release prescribes none)" : "generic");
    }

    private static float? Single(GgufMetadata metadata, string key) => metadata.TryGetSingle($"general.sampling.{key}", out var value) ? value : null;

    private static int? Int32(GgufMetadata metadata, string key) => metadata.TryGetInt32($"general.sampling.{key}", out var value) ? value : null;
}
