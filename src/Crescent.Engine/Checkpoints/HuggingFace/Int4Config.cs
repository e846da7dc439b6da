using System.Text.Json;

namespace Crescent.Engine.Checkpoints.HuggingFace;

/// <summary>Writes <c>quantization_config</c> of compressed-tensors' INT4 as Kimi K2 Thinking has it: symmetric, groups of 32, scales in bfloat16.</summary>
public static class Int4Config
{
    private const int GroupLength = 32;

    /// <summary>Modules that Kimi K2 Thinking leaves as they are: all but routed experts. The router is no module of the kind that is quantised.</summary>
    public static IReadOnlyList<string> AllButExperts { get; } = ["lm_head", "re:.*self_attn.*", "re:.*shared_experts.*", @"re:.*mlp\.(gate|up|gate_up|down)_proj.*"];

    /// <summary>The keys of the object; whoever calls begins and ends it.</summary>
    public static void Write(Utf8JsonWriter json)
    {
        ArgumentNullException.ThrowIfNull(json);
        json.WriteString("quant_method", "compressed-tensors");
        json.WriteString("format", "pack-quantized");
        json.WriteString("quantization_status", "compressed");
        json.WriteNull("kv_cache_scheme");
        json.WriteStartObject("config_groups");
        json.WriteStartObject("group_0");
        json.WriteStartArray("targets");
        json.WriteStringValue("Linear");
        json.WriteEndArray();
        json.WriteNull("input_activations");
        json.WriteNull("output_activations");
        json.WriteStartObject("weights");
        json.WriteNumber("num_bits", 4);
        json.WriteString("type", "int");
        json.WriteBoolean("symmetric", true);
        json.WriteString("strategy", "group");
        json.WriteNumber("group_size", GroupLength);
        json.WriteBoolean("dynamic", false);
        json.WriteString("observer", "minmax");
        json.WriteNull("actorder");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
