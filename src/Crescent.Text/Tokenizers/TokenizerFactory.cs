namespace Crescent.Text.Tokenizers;

/// <summary>Loads a tokenizer from whatever form a checkpoint brings it in.</summary>
public static class TokenizerFactory
{
    // In a folder, the first of these that exists; a rank file is more exact than what was converted from it.
    private static readonly string[] s_names = ["tiktoken.model", "tokenizer.json", "tokenizer.model", "tokenizer.bin"];

    private const long LargestFileBytes = 512L << 20;

    /// <exception cref="TokenizerException">The vocabulary is broken.</exception>
    /// <exception cref="NotSupportedException">The model or pre-tokenizer is unknown; the message names the supported ones.</exception>
    public static Tokenizer FromGguf(GgufVocabulary vocabulary)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        return GgufLoader.Load(vocabulary);
    }

    /// <summary>
    /// Loads <c>tokenizer.json</c>, a rank file (<c>tiktoken.model</c>, <c>.tiktoken</c>), a SentencePiece <c>.model</c> or
    /// llama2.c's <c>.bin</c>, told apart by content; or a folder that holds one. A <c>tokenizer_config.json</c> beside it adds names.
    /// </summary>
    /// <param name="pre">The pre-tokenizer of a rank file that is not one of the known ones; see <see cref="RankFileFamilies"/>.</param>
    /// <exception cref="TokenizerException">There is no tokenizer at the path, or it is broken.</exception>
    /// <exception cref="NotSupportedException">A kind of tokenizer that is not supported.</exception>
    public static Tokenizer FromPath(string path, string? pre = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        var file = Directory.Exists(path) ? FindInFolder(path) : path;
        if (!File.Exists(file))
        {
            throw new TokenizerException($"no tokenizer at {file}");
        }

        if (new FileInfo(file).Length is var length and > LargestFileBytes)
        {
            throw new TokenizerException($"{file} is {length} bytes, more than the {LargestFileBytes} a tokenizer may have");
        }

        var bytes = File.ReadAllBytes(file);
        var configPath = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, "tokenizer_config.json");
        var config = File.Exists(configPath) && new FileInfo(configPath).Length <= LargestFileBytes
            ? TokenizerConfig.Read(File.ReadAllBytes(configPath), configPath)
            : TokenizerConfig.Empty;
        return FromBytes(bytes, file, pre, config);
    }

    /// <summary>The names <c>pre</c> may have for a rank file.</summary>
    public static IReadOnlyList<string> RankFileFamilies => RankFamily.Names;

    internal static Tokenizer FromBytes(byte[] bytes, string where, string? pre, TokenizerConfig config) => bytes switch
    {
        [(byte)'G', (byte)'G', (byte)'U', (byte)'F', ..] =>
            throw new TokenizerException($"{where} is a GGUF file: load it as a checkpoint, its vocabulary comes with it"),
        [(byte)'{', ..] or [0xEF, 0xBB, 0xBF, (byte)'{', ..] => TokenizerJsonLoader.Load(bytes, where, config),
        _ when RankFileLoader.LooksRight(bytes) => RankFileLoader.Load(bytes, where, pre, config),
        _ when Llama2cLoader.LooksRight(bytes) => Llama2cLoader.Load(bytes, where),
        [0x0A, ..] => SentencePieceLoader.Load(bytes, where, config),
        _ => throw new TokenizerException(
            $"{where} is no known tokenizer: expected tokenizer.json, a rank file, a SentencePiece model or llama2.c's tokenizer.bin"),
    };

    private static string FindInFolder(string folder)
    {
        foreach (var name in s_names)
        {
            if (File.Exists(Path.Combine(folder, name)))
            {
                return Path.Combine(folder, name);
            }
        }

        foreach (var pattern in (string[])["*.tiktoken", "tok*.model", "tok*.bin"])
        {
            if (Directory.GetFiles(folder, pattern).Order(StringComparer.Ordinal).FirstOrDefault() is { } found)
            {
                return found;
            }
        }

        throw new TokenizerException($"no tokenizer in {folder}: expected one of {string.Join(", ", s_names)} or *.tiktoken");
    }
}
