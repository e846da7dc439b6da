namespace Crescent.Text.Tokenizers;

/// <summary>Which file of a model's folder holds its tokenizer, and what the files beside it add.</summary>
internal static class TokenizerFolder
{
    public const long LargestFileBytes = 512L << 20;

    // The first that exists; what a model was trained with stands before what was converted from it.
    private static readonly string[] s_names =
        ["tiktoken.model", "tokenizer.tok.json", "tokenizer.json", "tokenizer.model", "tokenizer.bin", "vocab.json"];

    private static readonly string[] s_patterns = ["*.tiktoken", "*.tok.json", "tok*.model", "tok*.bin"];

    /// <summary>The path of the tokenizer's file.</summary>
    /// <exception cref="TokenizerException">There is none.</exception>
    public static string Find(string folder)
    {
        // Grok-1 is published as tokenizer.model beside the folder ckpt-0.
        var parent = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))).StartsWith("ckpt-", StringComparison.Ordinal)
            ? Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)))
            : null;
        return FindIn(folder) ?? (parent is null ? null : FindIn(parent))
            ?? throw new TokenizerException(
                $"no tokenizer in {folder}: expected one of {string.Join(", ", s_names)} (with merges.txt) or {string.Join(", ", s_patterns)}");
    }

    /// <summary>The settings in the files of a folder, each of which may be absent.</summary>
    /// <exception cref="TokenizerException">A file is damaged.</exception>
    public static TokenizerConfig ReadConfig(string folder)
    {
        var config = TokenizerConfig.Empty;
        Use("tokenizer_config.json", (json, where) => TokenizerConfig.Read(json, where));
        Use("special_tokens_map.json", (json, where) => config.WithNames(json, where));
        Use("added_tokens.json", (json, where) => config.WithAdded(json, where));
        Use("generation_config.json", (json, where) => config.WithIds(json, where));
        Use("config.json", (json, where) => config.WithIds(json, where));
        return config;

        void Use(string name, Func<byte[], string, TokenizerConfig> read)
        {
            var path = Path.Combine(folder, name);
            if (File.Exists(path))
            {
                config = read(ReadFile(path), path);
            }
        }
    }

    /// <exception cref="TokenizerException">The file is absent, or larger than a tokenizer can be.</exception>
    public static byte[] ReadFile(string path)
    {
        if (!File.Exists(path))
        {
            throw new TokenizerException($"no tokenizer at {path}");
        }

        return new FileInfo(path).Length is var length and > LargestFileBytes
            ? throw new TokenizerException($"{path} is {length} bytes, more than the {LargestFileBytes} a tokenizer may have")
            : File.ReadAllBytes(path);
    }

    private static string? FindIn(string folder)
    {
        // SentencePiece's own file has the scores, which tokenizer.json has only as an order; a rank file in its place is exact too, but has no names.
        var piece = Path.Combine(folder, "tokenizer.model");
        if (File.Exists(piece) && !File.Exists(Path.Combine(folder, "tiktoken.model")) && BeginsWith(piece, 0x0A))
        {
            return piece;
        }

        return s_names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? s_patterns.SelectMany(pattern => Directory.GetFiles(folder, pattern).Order(StringComparer.Ordinal)).FirstOrDefault();
    }

    private static bool BeginsWith(string path, byte value)
    {
        using var stream = File.OpenRead(path);
        return stream.ReadByte() == value;
    }
}
