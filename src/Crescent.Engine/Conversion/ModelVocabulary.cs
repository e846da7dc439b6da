using System.Text.Json;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Text.Tokenizers;

namespace Crescent.Engine.Conversion;

/// <summary>Writes a folder's tokenizer and chat template under GGUF's keys.</summary>
internal static class ModelVocabulary
{
    private const string Prefix = "tokenizer.ggml.";
    private const string TemplateKey = "tokenizer.chat_template";
    private const long MostJsonBytes = 64 << 20;

    /// <exception cref="CheckpointException">There is no tokenizer, or a damaged one, or GGUF cannot express it.</exception>
    public static void Write(GgufWriter writer, Checkpoint checkpoint)
    {
        GgufVocabulary vocabulary;
        try
        {
            var rows = checkpoint.Tensors.TryGetValue("token_embd.weight", out var embedding) && embedding.Shape[0] <= int.MaxValue ? (int?)embedding.Shape[0] : null;
            vocabulary = GgufVocabularyExport.From(checkpoint.ReadTokenizer(checkpoint.Metadata), rows);
        }
        catch (Exception exception) when (exception is CheckpointException or NotSupportedException or ArgumentOutOfRangeException)
        {
            throw new CheckpointException($"{exception.Message} (a conversion without a tokenizer is possible: --no-tokenizer)", exception);
        }

        Write(writer, vocabulary);
        if (ReadTemplate(checkpoint.Path) is { } template)
        {
            writer.Set(TemplateKey, template);
        }
    }

    /// <summary>What llama.cpp takes for a model without a tokenizer.</summary>
    public static void WriteNone(GgufWriter writer) => writer.Set(Prefix + "model", "none");

    private static void Write(GgufWriter writer, GgufVocabulary vocabulary)
    {
        writer.Set(Prefix + "model", vocabulary.Model).Set(Prefix + "tokens", vocabulary.Tokens);
        if (vocabulary.Pre is { } pre)
        {
            writer.Set(Prefix + "pre", pre);
        }

        if (vocabulary.Scores is { } scores)
        {
            writer.Set(Prefix + "scores", scores);
        }

        if (vocabulary.TokenTypes is { } types)
        {
            writer.Set(Prefix + "token_type", types);
        }

        if (vocabulary.Merges is { } merges)
        {
            writer.Set(Prefix + "merges", merges);
        }

        SetId(writer, "bos", vocabulary.BosId);
        SetId(writer, "eos", vocabulary.EosId);
        SetId(writer, "eot", vocabulary.EotId);
        SetId(writer, "padding", vocabulary.PadId);
        SetId(writer, "unknown", vocabulary.UnknownId);
        SetFlag(writer, "add_bos_token", vocabulary.AddBos);
        SetFlag(writer, "add_eos_token", vocabulary.AddEos);
        SetFlag(writer, "add_space_prefix", vocabulary.AddSpacePrefix);
        SetFlag(writer, "remove_extra_whitespaces", vocabulary.RemoveExtraWhitespaces);
    }

    private static void SetId(GgufWriter writer, string name, int? id)
    {
        if (id is { } value)
        {
            writer.Set($"{Prefix}{name}_token_id", (uint)value);
        }
    }

    private static void SetFlag(GgufWriter writer, string name, bool? flag)
    {
        if (flag is { } value)
        {
            writer.Set(Prefix + name, value);
        }
    }

    // A file of its own (transformers since 4.51), or a string of tokenizer_config.json, or there a list of named ones.
    private static string? ReadTemplate(string path)
    {
        var folder = Directory.Exists(path) ? path : Path.GetDirectoryName(Path.GetFullPath(path))!;
        var file = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(file))
        {
            return new FileInfo(file).Length <= MostJsonBytes ? File.ReadAllText(file) : throw TooLong(file);
        }

        var config = Path.Combine(folder, "tokenizer_config.json");
        if (!File.Exists(config))
        {
            return null;
        }

        if (new FileInfo(config).Length > MostJsonBytes)
        {
            throw TooLong(config);
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(config));
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("chat_template", out var template) ? TextOf(template) : null;
        }
        catch (JsonException exception)
        {
            throw new CheckpointException($"{config}: expected JSON: {exception.Message}", exception);
        }
    }

    private static string? TextOf(JsonElement template) => template.ValueKind switch
    {
        JsonValueKind.String => template.GetString(),
        JsonValueKind.Array => template.EnumerateArray()
            .Where(one => one.ValueKind == JsonValueKind.Object && Property(one, "name") == "default").Select(one => Property(one, "template")).FirstOrDefault(),
        _ => null,
    };

    private static string? Property(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static CheckpointException TooLong(string path) => new($"{path}: expected at most {MostJsonBytes} bytes, found {new FileInfo(path).Length}");
}
