using System.Buffers;
using System.Text.Json;
using Crescent.Engine.Checkpoints.HuggingFace;
using Crescent.Kernels;

namespace Crescent.Engine.Synthesis.Published;

/// <summary><c>config.json</c> and <c>generation_config.json</c> of a model.</summary>
internal static class ConfigFiles
{
    private static readonly JsonWriterOptions s_options = new() { Indented = true };

    public static byte[] Config(SynthShape shape, DType type, int layers, SynthVocabulary vocabulary) => Write(json =>
    {
        json.WriteStartArray("architectures");
        json.WriteStringValue(shape.ClassName);
        json.WriteEndArray();
        json.WriteString("model_type", shape.ModelType);
        json.WriteNumber("vocab_size", vocabulary.Count);
        json.WriteNumber("hidden_size", shape.Hidden);
        json.WriteNumber("num_hidden_layers", layers);
        json.WriteNumber("num_attention_heads", shape.Heads);
        json.WriteNumber("max_position_embeddings", shape.Context);
        json.WriteNumber("rms_norm_eps", shape.Epsilon);
        json.WriteString("hidden_act", "silu");
        json.WriteBoolean("tie_word_embeddings", shape.Tied);
        json.WriteBoolean("use_cache", true);
        WriteTokens(json, vocabulary);
        shape.WriteConfig(json, layers);
        json.WriteString("torch_dtype", PublishedTensors.PlainType(type) switch
        {
            DType.F32 => "float32",
            DType.F16 => "float16",
            _ => "bfloat16",
        });
        WriteQuantization(json, shape, type, layers);
    });

    public static byte[] Generation(SynthVocabulary vocabulary) => Write(json => WriteTokens(json, vocabulary));

    private static byte[] Write(Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, s_options))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static void WriteTokens(Utf8JsonWriter json, SynthVocabulary vocabulary)
    {
        foreach (var (key, role) in new[] { ("bos_token_id", "bos"), ("pad_token_id", "padding") })
        {
            if (vocabulary.IdOf(role) is { } id)
            {
                json.WriteNumber(key, id);
            }
        }

        int[] ends = [.. new[] { vocabulary.IdOf("eos"), vocabulary.IdOf("eot") }.OfType<int>().Distinct()];
        if (ends.Length == 1)
        {
            json.WriteNumber("eos_token_id", ends[0]);
            return;
        }

        json.WriteStartArray("eos_token_id");
        Array.ForEach(ends, json.WriteNumberValue);
        json.WriteEndArray();
    }

    private static void WriteQuantization(Utf8JsonWriter json, SynthShape shape, DType type, int layers)
    {
        if (type is not (DType.F8_E4M3 or DType.INT4_G32 or DType.MXFP4_SPLIT))
        {
            return;
        }

        json.WriteStartObject("quantization_config");
        switch (type)
        {
            case DType.F8_E4M3:
                json.WriteString("quant_method", "fp8");
                json.WriteString("fmt", "e4m3");
                json.WriteString("activation_scheme", "dynamic");
                json.WriteStartArray("weight_block_size");
                json.WriteNumberValue(SynthEncoder.TileLength);
                json.WriteNumberValue(SynthEncoder.TileLength);
                json.WriteEndArray();
                WriteModules(json, "modules_to_not_convert", shape.Unquantized(type, layers));
                break;
            case DType.INT4_G32:
                Int4Config.Write(json);
                WriteModules(json, "ignore", shape.Unquantized(type, layers));
                break;
            default:
                json.WriteString("quant_method", "mxfp4");
                WriteModules(json, "modules_to_not_convert", shape.Unquantized(type, layers));
                break;
        }

        json.WriteEndObject();
    }

    private static void WriteModules(Utf8JsonWriter json, string key, IEnumerable<string> modules)
    {
        if (modules.ToArray() is { Length: > 0 } names)
        {
            json.WriteStartArray(key);
            Array.ForEach(names, json.WriteStringValue);
            json.WriteEndArray();
        }
    }
}
