namespace Crescent.Tests.Support;

/// <summary>Models and tokenizers of the shared data.</summary>
internal static class Models
{
    public static readonly string[] GoldenNames =
    [
        "g-llama", "g-llama-tied-q", "g-kimi-k2", "g-kimi-k2-legacy-kvb", "g-kimi-k2-q4_0", "g-moonlight", "g-deepseek-v3", "g-deepseek-v2-lite",
        "g-grok", "g-qwen3moe", "g-qwen3moe-q",
    ];

    public static string Stories => SharedData.Path("weights", "stories260K", "stories260K.gguf");

    public static string Golden(string name) => SharedData.Path("golden-models", $"{name}.gguf");
}
