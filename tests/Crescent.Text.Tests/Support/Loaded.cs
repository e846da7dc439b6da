using Crescent.Tests;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Tests.Support;

/// <summary>The tokenizers of the shared data, each loaded once.</summary>
internal static class Loaded
{
    private static readonly Dictionary<string, Tokenizer> s_loaded = [];
    private static readonly Lock s_lock = new();

    public static string[] Names { get; } =
        ["kimi-k2", "o200k", "deepseek-v3", "qwen3", "grok-1", "gpt-2", "deepseek-coder", "deepseek-llm", "llama-spm", "stories260k"];

    public static Tokenizer Get(string name)
    {
        lock (s_lock)
        {
            if (!s_loaded.TryGetValue(name, out var tokenizer))
            {
                s_loaded[name] = tokenizer = Load(name);
            }

            return tokenizer;
        }
    }

    public static GgufVocabulary Gguf(string name) => GgufVocabularyReader.Read(SharedData.Path("ggml-vocab", $"ggml-vocab-{name}.gguf"));

    private static Tokenizer Load(string name) => name switch
    {
        "kimi-k2" => TokenizerFactory.FromPath(SharedData.Path("kimi-k2")),
        "o200k" => TokenizerFactory.FromPath(SharedData.Path("o200k")),
        "deepseek-v3" => TokenizerFactory.FromPath(SharedData.Path("deepseek-v3")),
        "qwen3" => TokenizerFactory.FromPath(SharedData.Path("qwen3")),
        "grok-1" => TokenizerFactory.FromPath(SharedData.Path("grok-1", "tokenizer.model")),
        "stories260k" => TokenizerFactory.FromPath(SharedData.Path("weights", "stories260K", "tok512.bin")),
        _ => TokenizerFactory.FromGguf(Gguf(name)),
    };
}
