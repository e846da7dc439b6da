using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Crescent.Engine.Synthesis.Tokenizers;

/// <summary><c>tokenizer_config.json</c>: the named tokens and their roles.</summary>
internal static class TokenizerConfigFile
{
    private static readonly JsonWriterOptions s_options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(SynthVocabulary vocabulary, string className)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, s_options))
        {
            json.WriteStartObject();
            json.WriteBoolean("add_bos_token", vocabulary.AddsBos);
            json.WriteBoolean("add_eos_token", false);
            WriteAdded(json, vocabulary);
            WriteRole(json, vocabulary, "bos_token", "bos");
            json.WriteBoolean("clean_up_tokenization_spaces", false);
            WriteRole(json, vocabulary, "eos_token", "eos");
            json.WriteNumber("model_max_length", int.MaxValue);
            WriteRole(json, vocabulary, "pad_token", "padding");
            json.WriteString("tokenizer_class", className);
            WriteRole(json, vocabulary, "unk_token", "unknown");
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>The fields of an added token after its id; ends the object that the caller began.</summary>
    public static void WriteToken(Utf8JsonWriter json, string content, bool isSpecial)
    {
        json.WriteString("content", content);
        json.WriteBoolean("single_word", false);
        json.WriteBoolean("lstrip", false);
        json.WriteBoolean("rstrip", false);
        json.WriteBoolean("normalized", false);
        json.WriteBoolean("special", isSpecial);
        json.WriteEndObject();
    }

    // A rank file has no other list of them, and leaves out the reserved ones, which have names by rule.
    private static void WriteAdded(Utf8JsonWriter json, SynthVocabulary vocabulary)
    {
        json.WriteStartObject("added_tokens_decoder");
        for (var id = 0; id < vocabulary.Count; id++)
        {
            var isControl = vocabulary.Types[id] == SynthVocabulary.Control;
            var isReserved = vocabulary.Pre == "kimi-k2" && vocabulary.Tokens[id].StartsWith("<|reserved_token_", StringComparison.Ordinal);
            if ((isControl || (vocabulary.Types[id] == SynthVocabulary.UserDefined && vocabulary.Merges.Count > 0)) && !isReserved)
            {
                json.WriteStartObject(TokenizerFiles.Name(id));
                // Calls of tools stay readable where special tokens are left out.
                WriteToken(json, vocabulary.Tokens[id], isControl && !vocabulary.Tokens[id].StartsWith("<|tool_call", StringComparison.Ordinal));
            }
        }

        json.WriteEndObject();
    }

    private static void WriteRole(Utf8JsonWriter json, SynthVocabulary vocabulary, string key, string role)
    {
        if (vocabulary.IdOf(role) is { } id)
        {
            json.WriteString(key, vocabulary.Tokens[id]);
        }
        else
        {
            json.WriteNull(key);
        }
    }
}
