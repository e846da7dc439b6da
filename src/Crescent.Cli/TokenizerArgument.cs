using System.CommandLine;
using Crescent.Engine.Checkpoints;
using Crescent.Text.Tokenizers;

namespace Crescent.Cli;

/// <summary>Opens the tokenizer of whatever the user named: a GGUF file, or any form that holds only a tokenizer.</summary>
internal static class TokenizerArgument
{
    public static Option<string?> PreOption() => new("--pre") { Description = "Splitter of a bare rank file: kimi-k2, deepseek-v3, o200k, llama3, qwen2 or gpt2." };

    public static Tokenizer Open(string path, string? pre)
    {
        if (!IsGguf(path))
        {
            return TokenizerFactory.FromPath(path, pre);
        }

        using var checkpoint = Checkpoint.Open(path);
        return checkpoint.ReadTokenizer(checkpoint.Metadata);
    }

    private static bool IsGguf(string path)
    {
        if (Directory.Exists(path) || !File.Exists(path))
        {
            return path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);
        }

        Span<byte> magic = stackalloc byte[4];
        using var stream = File.OpenRead(path);
        return stream.ReadAtLeast(magic, 4, throwOnEndOfStream: false) == 4 && magic.SequenceEqual("GGUF"u8);
    }
}
