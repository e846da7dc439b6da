using Crescent.Text.Tokenizers;

namespace Crescent.Engine.Checkpoints.Gguf;

/// <summary>Builds the tokenizer that a GGUF file carries.</summary>
public static class GgufTokenizer
{
    /// <param name="path">The file's path, for messages.</param>
    /// <exception cref="CheckpointException">The file carries no tokenizer, or a damaged or unknown one.</exception>
    public static Tokenizer Read(GgufMetadata metadata, string path)
    {
        if (!metadata.TryGetString("tokenizer.ggml.model", out var model) || !metadata.TryGetStringArray("tokenizer.ggml.tokens", out var tokens))
        {
            throw new CheckpointException($"{path}: expected metadata keys 'tokenizer.ggml.model' and 'tokenizer.ggml.tokens', found no tokenizer");
        }

        try
        {
            return TokenizerFactory.FromGguf(new GgufVocabulary
            {
                Model = model,
                Pre = metadata.TryGetString("tokenizer.ggml.pre", out var pre) ? pre : null,
                Tokens = tokens,
                Scores = metadata.TryGetSingleArray("tokenizer.ggml.scores", out var scores) ? scores : null,
                TokenTypes = metadata.TryGetInt32Array("tokenizer.ggml.token_type", out var types) ? types : null,
                Merges = metadata.TryGetStringArray("tokenizer.ggml.merges", out var merges) ? merges : null,
                BosId = Id(metadata, "bos"),
                EosId = Id(metadata, "eos"),
                EotId = Id(metadata, "eot"),
                PadId = Id(metadata, "padding"),
                UnknownId = Id(metadata, "unknown"),
                AddBos = Flag(metadata, "add_bos_token"),
                AddEos = Flag(metadata, "add_eos_token"),
                AddSpacePrefix = Flag(metadata, "add_space_prefix"),
                RemoveExtraWhitespaces = Flag(metadata, "remove_extra_whitespaces"),
            });
        }
        catch (Exception exception) when (exception is TokenizerException or NotSupportedException)
        {
            throw new CheckpointException($"{path}: {FileText.Line(exception.Message)}", exception);
        }
    }

    private static int? Id(GgufMetadata metadata, string name) =>
        metadata.TryGetUInt32($"tokenizer.ggml.{name}_token_id", out var id) && id <= int.MaxValue ? (int)id : null;

    private static bool? Flag(GgufMetadata metadata, string name) =>
        metadata.TryGetBool($"tokenizer.ggml.{name}", out var flag) ? flag : null;
}
