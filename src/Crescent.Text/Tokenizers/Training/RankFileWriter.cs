using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Crescent.Text.Tokenizers.Training;

/// <summary>Writes a trained vocabulary as Kimi's releases have theirs: <c>tiktoken.model</c>, and <c>tokenizer_config.json</c> with the control tokens after the ranks.</summary>
public static class RankFileWriter
{
    /// <summary>Control tokens after the ranks.</summary>
    public const int ControlTokens = 256;

    /// <param name="tokens">By rank.</param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public static void Write(string folder, IReadOnlyList<byte[]> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        Directory.CreateDirectory(folder);
        var file = new StringBuilder();
        for (var rank = 0; rank < tokens.Count; rank++)
        {
            file.Append(CultureInfo.InvariantCulture, $"{Convert.ToBase64String(tokens[rank])} {rank}\n");
        }

        File.WriteAllText(Path.Combine(folder, "tiktoken.model"), file.ToString(), Encoding.ASCII);
        using var stream = File.Create(Path.Combine(folder, "tokenizer_config.json"));
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteStartObject("added_tokens_decoder");
        foreach (var (id, name) in RankSpecials.Kimi(tokens.Count).Where(token => !token.Name.StartsWith("<|reserved_token_", StringComparison.Ordinal)))
        {
            json.WriteStartObject(id.ToString(CultureInfo.InvariantCulture));
            json.WriteString("content", name);
            json.WriteBoolean("special", !name.StartsWith("<|tool_call", StringComparison.Ordinal)); // calls of tools stay readable where special tokens are left out
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteString("bos_token", "[BOS]");
        json.WriteString("eos_token", "[EOS]");
        json.WriteString("pad_token", "[PAD]");
        json.WriteString("unk_token", "[UNK]");
        json.WriteString("tokenizer_class", "TikTokenTokenizer");
        json.WriteEndObject();
    }
}
