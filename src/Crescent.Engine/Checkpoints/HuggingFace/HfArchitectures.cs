namespace Crescent.Engine.Checkpoints.HuggingFace;

/// <summary>The model types of <c>config.json</c> that can be read, each with GGUF's name of the architecture and the map of its tensors.</summary>
internal static class HfArchitectures
{
    // Adding a model: one map, one line.
    private static readonly Dictionary<string, (string Architecture, Action<HfModel> Map)> s_maps = new(StringComparer.Ordinal)
    {
        ["kimi_k2"] = ("deepseek2", DeepSeekMap.Map),
        ["deepseek_v3"] = ("deepseek2", DeepSeekMap.Map),
        ["deepseek_v2"] = ("deepseek2", DeepSeekMap.Map),
        ["kimi_linear"] = ("kimi-linear", KimiLinearMap.Map),
        ["llama"] = ("llama", LlamaMap.Llama),
        ["mistral"] = ("llama", LlamaMap.Mistral),
        ["qwen2"] = ("qwen2", LlamaMap.Qwen2),
        ["qwen3"] = ("qwen3", LlamaMap.Qwen3),
        ["qwen3_moe"] = ("qwen3moe", LlamaMap.Qwen3Moe),
        ["gpt_oss"] = ("gpt-oss", GptOssMap.Map),
        ["grok"] = ("grok", GrokMap.Map),
        ["grok-1"] = ("grok", GrokMap.Map),
        ["git"] = ("grok", GrokMap.Map), // what xai-org/grok-2's config.json says
        ["baichuan"] = ("baichuan", BaichuanMap.Map),
    };

    /// <summary>The text model's configuration (vision models keep it in an inner object, under another prefix), its architecture and its map.</summary>
    /// <exception cref="CheckpointException">The model type is unknown.</exception>
    public static (HfConfig Config, string Prefix, string Architecture, Action<HfModel> Map) Find(HfConfig config)
    {
        var (text, prefix) = config.Object("text_config") is { } inner && inner.Contains("model_type") ? (inner, "language_model.") : (config, "");
        var type = text.Text("model_type");
        return type is not null && s_maps.TryGetValue(type, out var found)
            ? (text, prefix, found.Architecture, found.Map)
            : throw text.Unsupported("model_type", $"one of {string.Join(", ", s_maps.Keys)}", type is null ? null : $"'{type}'");
    }
}
