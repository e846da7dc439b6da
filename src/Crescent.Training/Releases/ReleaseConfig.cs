using System.Buffers;
using System.Text.Json;
using Crescent.Engine.Checkpoints.HuggingFace;
using Crescent.Training.Models;

namespace Crescent.Training.Releases;

/// <summary><c>config.json</c> of a trained model, with the keys of Kimi K2's.</summary>
internal static class ReleaseConfig
{
    // A small model is not to be led far from what it finds likeliest.
    private const double Temperature = 0.3;
    private const double TopP = 0.9;

    /// <param name="control">Ids of control tokens.</param>
    /// <param name="isInt4">Whether the experts are stored in INT4 and the rest in bfloat16.</param>
    /// <param name="name">The model's name; null for none.</param>
    public static byte[] Write(TrainingShape shape, ControlTokens control, bool isInt4, string? name) => Json(json =>
    {
        if (name is not null)
        {
            json.WriteString("_name_or_path", name);
        }

        WriteTexts(json, "architectures", ["DeepseekV3ForCausalLM"]);
        json.WriteString("model_type", "kimi_k2");
        json.WriteNumber("vocab_size", shape.Vocab);
        json.WriteNumber("hidden_size", shape.Hidden);
        json.WriteNumber("num_hidden_layers", shape.Layers);
        json.WriteNumber("max_position_embeddings", shape.ContextLength);
        json.WriteNumber("rms_norm_eps", shape.Epsilon);
        json.WriteString("hidden_act", "silu");
        json.WriteBoolean("tie_word_embeddings", false);
        json.WriteBoolean("use_cache", true);
        WriteAttention(json, shape);
        WriteMixture(json, shape);
        json.WriteNumber("rope_theta", shape.RopeTheta);
        json.WriteNull("rope_scaling");
        WriteTokens(json, control);
        json.WriteString("torch_dtype", isInt4 ? "bfloat16" : "float32");
        if (isInt4)
        {
            json.WriteStartObject("quantization_config");
            Int4Config.Write(json);
            WriteTexts(json, "ignore", Int4Config.AllButExperts);
            json.WriteEndObject();
        }
    });

    /// <summary><c>generation_config.json</c></summary>
    public static byte[] WriteGeneration(ControlTokens control) => Json(json =>
    {
        WriteTokens(json, control);
        json.WriteNumber("temperature", Temperature);
        json.WriteNumber("top_p", TopP);
    });

    private static void WriteAttention(Utf8JsonWriter json, TrainingShape shape)
    {
        var options = shape.Attention;
        json.WriteNumber("num_attention_heads", options.Heads);
        json.WriteNumber("num_key_value_heads", options.Heads);
        if (options.QueryRank > 0)
        {
            json.WriteNumber("q_lora_rank", options.QueryRank);
        }
        else
        {
            json.WriteNull("q_lora_rank");
        }

        json.WriteNumber("kv_lora_rank", options.LatentWidth);
        json.WriteNumber("qk_nope_head_dim", options.NopeWidth);
        json.WriteNumber("qk_rope_head_dim", options.RopeWidth);
        json.WriteNumber("v_head_dim", options.ValueWidth);
        json.WriteBoolean("attention_bias", false);
        json.WriteNumber("attention_dropout", 0);
    }

    private static void WriteMixture(Utf8JsonWriter json, TrainingShape shape)
    {
        json.WriteNumber("intermediate_size", shape.DenseWidth);
        json.WriteNumber("first_k_dense_replace", shape.DenseLayers);
        json.WriteNumber("moe_layer_freq", 1);
        json.WriteNumber("n_routed_experts", shape.Experts);
        json.WriteNumber("num_experts_per_tok", shape.Router.TopK);
        json.WriteNumber("n_shared_experts", shape.SharedWidth / Math.Max(1, shape.ExpertWidth));
        json.WriteNumber("moe_intermediate_size", shape.ExpertWidth);
        json.WriteNumber("n_group", 1);
        json.WriteNumber("topk_group", 1);
        json.WriteString("scoring_func", "sigmoid");
        json.WriteString("topk_method", "noaux_tc");
        json.WriteBoolean("norm_topk_prob", shape.Router.Normalise);
        json.WriteNumber("routed_scaling_factor", shape.Router.Scale);
        json.WriteNumber("num_nextn_predict_layers", 0);
    }

    private static void WriteTokens(Utf8JsonWriter json, ControlTokens control)
    {
        json.WriteNumber("bos_token_id", control.Bos);
        json.WriteNumber("pad_token_id", control.Pad);
        json.WriteStartArray("eos_token_id");
        json.WriteNumberValue(control.Eos);
        json.WriteNumberValue(control.EndOfTurn);
        json.WriteEndArray();
    }

    private static void WriteTexts(Utf8JsonWriter json, string key, IReadOnlyList<string> values)
    {
        json.WriteStartArray(key);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static byte[] Json(Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }
}
