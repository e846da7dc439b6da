using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Crescent.Engine.Synthesis.Tokenizers;

/// <summary>Hugging Face's <c>tokenizer.json</c> of a byte-level BPE vocabulary.</summary>
internal static class TokenizerJsonFile
{
    private static readonly JsonWriterOptions s_options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(SynthVocabulary vocabulary)
    {
        var family = JsonFamily.Of(vocabulary.Pre);
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, s_options))
        {
            json.WriteStartObject();
            json.WriteString("version", "1.0");
            json.WriteNull("truncation");
            json.WriteNull("padding");
            WriteAdded(json, vocabulary);
            WriteNormalizer(json, family);
            WriteSplitting(json, family);
            WritePostProcessor(json, vocabulary);
            json.WriteStartObject("decoder");
            WriteByteLevel(json);
            WriteModel(json, vocabulary, family);
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static void WriteAdded(Utf8JsonWriter json, SynthVocabulary vocabulary)
    {
        json.WriteStartArray("added_tokens");
        for (var id = 0; id < vocabulary.Count; id++)
        {
            if (vocabulary.Types[id] is SynthVocabulary.Control or SynthVocabulary.UserDefined)
            {
                json.WriteStartObject();
                json.WriteNumber("id", id);
                TokenizerConfigFile.WriteToken(json, vocabulary.Tokens[id], isSpecial: vocabulary.Types[id] == SynthVocabulary.Control);
            }
        }

        json.WriteEndArray();
    }

    private static void WriteNormalizer(Utf8JsonWriter json, JsonFamily family)
    {
        if (!family.Normalizes)
        {
            json.WriteNull("normalizer");
            return;
        }

        json.WriteStartObject("normalizer");
        json.WriteString("type", "NFC");
        json.WriteEndObject();
    }

    private static void WriteSplitting(Utf8JsonWriter json, JsonFamily family)
    {
        json.WriteStartObject("pre_tokenizer");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("pretokenizers");
        foreach (var pattern in family.Patterns)
        {
            json.WriteStartObject();
            json.WriteString("type", "Split");
            json.WriteStartObject("pattern");
            json.WriteString("Regex", pattern);
            json.WriteEndObject();
            json.WriteString("behavior", "Isolated");
            json.WriteBoolean("invert", false);
            json.WriteEndObject();
        }

        json.WriteStartObject();
        WriteByteLevel(json);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    // What Llama 3's begins every text with.
    private static void WritePostProcessor(Utf8JsonWriter json, SynthVocabulary vocabulary)
    {
        json.WriteStartObject("post_processor");
        if (!vocabulary.AddsBos)
        {
            WriteByteLevel(json);
            return;
        }

        var bos = vocabulary.IdOf("bos")!.Value;
        var name = vocabulary.Tokens[bos];
        json.WriteString("type", "TemplateProcessing");
        WriteTemplate(json, "single", name, "A");
        WriteTemplate(json, "pair", name, "A", "B");
        json.WriteStartObject("special_tokens");
        json.WriteStartObject(name);
        json.WriteString("id", name);
        json.WriteStartArray("ids");
        json.WriteNumberValue(bos);
        json.WriteEndArray();
        json.WriteStartArray("tokens");
        json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteTemplate(Utf8JsonWriter json, string template, string bos, params string[] sequences)
    {
        json.WriteStartArray(template);
        foreach (var (sequence, type) in sequences.Select((sequence, type) => (sequence, type)))
        {
            WriteTemplateItem(json, "SpecialToken", bos, type);
            WriteTemplateItem(json, "Sequence", sequence, type);
        }

        json.WriteEndArray();
    }

    private static void WriteTemplateItem(Utf8JsonWriter json, string kind, string id, int type)
    {
        json.WriteStartObject();
        json.WriteStartObject(kind);
        json.WriteString("id", id);
        json.WriteNumber("type_id", type);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    // Ends the object that the caller began.
    private static void WriteByteLevel(Utf8JsonWriter json)
    {
        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", false);
        json.WriteBoolean("trim_offsets", true);
        json.WriteBoolean("use_regex", false);
        json.WriteEndObject();
    }

    private static void WriteModel(Utf8JsonWriter json, SynthVocabulary vocabulary, JsonFamily family)
    {
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteNull("dropout");
        json.WriteNull("unk_token");
        json.WriteNull("continuing_subword_prefix");
        json.WriteNull("end_of_word_suffix");
        json.WriteBoolean("fuse_unk", false);
        json.WriteBoolean("byte_fallback", false);
        json.WriteBoolean("ignore_merges", family.IgnoresMerges);
        json.WriteStartObject("vocab");
        // A special token before the last word must be a word too: the tokenizers library numbers the others behind the words.
        var words = vocabulary.Types.ToList().LastIndexOf(SynthVocabulary.Normal) + 1;
        for (var id = 0; id < words; id++)
        {
            json.WriteNumber(vocabulary.Tokens[id], id);
        }

        json.WriteEndObject();
        json.WriteStartArray("merges");
        foreach (var merge in vocabulary.Merges)
        {
            json.WriteStringValue(merge);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
