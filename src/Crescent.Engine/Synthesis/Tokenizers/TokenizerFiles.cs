using System.Globalization;

namespace Crescent.Engine.Synthesis.Tokenizers;

/// <summary>A generated vocabulary in the files that a family's releases bring it in.</summary>
internal static class TokenizerFiles
{
    /// <summary>SentencePiece's file of a vocabulary.</summary>
    public const string PieceModel = "tokenizer.model";

    /// <summary>Names and contents of the files.</summary>
    public static IReadOnlyList<(string Name, byte[] Bytes)> Of(SynthVocabulary vocabulary) => vocabulary.Pre switch
    {
        "kimi-k2" => [("tiktoken.model", RankFile.Write(vocabulary)), ("tokenizer_config.json", TokenizerConfigFile.Write(vocabulary, "TikTokenTokenizer"))],
        "default" => [(PieceModel, PieceModelFile.Write(vocabulary)), ("tokenizer_config.json", TokenizerConfigFile.Write(vocabulary, "LlamaTokenizer"))],
        _ => [("tokenizer.json", TokenizerJsonFile.Write(vocabulary)), ("tokenizer_config.json", TokenizerConfigFile.Write(vocabulary, JsonFamily.Of(vocabulary.Pre).ClassName))],
    };

    public static string Name(int id) => id.ToString(CultureInfo.InvariantCulture);
}
