namespace Crescent.Text.Tokenizers;

/// <summary>Loads a tokenizer from whatever form a checkpoint brings it in.</summary>
public static class TokenizerFactory
{
    /// <exception cref="TokenizerException">The vocabulary is broken.</exception>
    /// <exception cref="NotSupportedException">The model or pre-tokenizer is unknown; the message names the supported ones.</exception>
    public static Tokenizer FromGguf(GgufVocabulary vocabulary)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        return GgufLoader.Load(vocabulary);
    }

    /// <summary>
    /// Loads <c>tokenizer.json</c>, a rank file (<c>tiktoken.model</c>, <c>.tiktoken</c>), a SentencePiece <c>.model</c>, xAI's
    /// <c>.tok.json</c>, <c>vocab.json</c> with <c>merges.txt</c> or llama2.c's <c>.bin</c>, told apart by content; or a folder that holds one.
    /// The files beside it (<c>tokenizer_config.json</c>, <c>special_tokens_map.json</c>, <c>added_tokens.json</c>,
    /// <c>generation_config.json</c>, <c>config.json</c>) add names and the ids that end a turn.
    /// </summary>
    /// <param name="pre">How a rank file or a vocab.json splits text, where that is not known; see <see cref="RankFileFamilies"/>.</param>
    /// <exception cref="TokenizerException">There is no tokenizer at the path, or it is broken.</exception>
    /// <exception cref="NotSupportedException">A kind of tokenizer that is not supported.</exception>
    public static Tokenizer FromPath(string path, string? pre = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        var file = Directory.Exists(path) ? TokenizerFolder.Find(path) : path;
        var bytes = TokenizerFolder.ReadFile(file);
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        var config = TokenizerFolder.ReadConfig(folder);
        return Path.GetFileName(file) == "vocab.json"
            ? VocabularyMergesLoader.Load(bytes, file, TokenizerFolder.ReadFile(Path.Combine(folder, "merges.txt")), pre, config)
            : FromBytes(bytes, file, pre, config);
    }

    /// <summary>The names <c>pre</c> may have for a rank file.</summary>
    public static IReadOnlyList<string> RankFileFamilies => RankFamily.Names;

    internal static Tokenizer FromBytes(byte[] bytes, string where, string? pre, TokenizerConfig config) => bytes switch
    {
        [(byte)'G', (byte)'G', (byte)'U', (byte)'F', ..] =>
            throw new TokenizerException($"{where} is a GGUF file: load it as a checkpoint, its vocabulary comes with it"),
        [(byte)'{', ..] or [0xEF, 0xBB, 0xBF, (byte)'{', ..] => LoadJson(bytes, where, config),
        _ when RankFileLoader.LooksRight(bytes) => RankFileLoader.Load(bytes, where, pre, config),
        _ when Llama2cLoader.LooksRight(bytes) => Llama2cLoader.Load(bytes, where),
        [0x0A, ..] => SentencePieceLoader.Load(bytes, where, config),
        _ => throw new TokenizerException(
            $"{where} is no known tokenizer: expected tokenizer.json, a rank file, a SentencePiece model or llama2.c's tokenizer.bin"),
    };

    private static Tokenizer LoadJson(byte[] bytes, string where, TokenizerConfig config)
    {
        using var document = JsonReading.Parse(bytes, where);
        var root = new JsonNodeReader(document.RootElement, where);
        return root.Get("regular_tokens") is null ? TokenizerJsonLoader.Load(root, config) : XaiJsonLoader.Load(root, config);
    }
}
