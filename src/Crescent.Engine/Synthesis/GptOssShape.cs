using System.Text.Json;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Synthesis.Published;
using Crescent.Kernels;

namespace Crescent.Engine.Synthesis;

/// <summary>
/// gpt-oss: every layer of experts, a window on even layers, sinks, biases everywhere, YaRN. Its experts take only values that MXFP4 holds, in
/// whatever type they are written.
/// </summary>
internal sealed record GptOssShape : SynthShape
{
    private const float YarnFactor = 32;
    private const uint OriginalContext = 4096;
    private const float BetaFast = 32;
    private const float BetaSlow = 1;
    private const float SwiGluLimit = 7;

    public required int KvHeads { get; init; }

    public required int HeadDim { get; init; }

    public required int Window { get; init; }

    public required int Experts { get; init; }

    public required int TopK { get; init; }

    public override int ExpertsUsed => TopK;

    public required int ExpertWidth { get; init; }

    public override IReadOnlyList<DType> PublishedTypes => [DType.MXFP4_SPLIT];

    public override IReadOnlyList<DType> Formats => [.. SynthEncoder.Formats, DType.MXFP4];

    public override void WriteMetadata(GgufWriter writer, int layers, int vocab)
    {
        base.WriteMetadata(writer, layers, vocab);
        writer
            .Set("gpt-oss.feed_forward_length", (uint)ExpertWidth)
            .Set("gpt-oss.attention.head_count_kv", (uint)KvHeads)
            .Set("gpt-oss.attention.key_length", (uint)HeadDim)
            .Set("gpt-oss.attention.value_length", (uint)HeadDim)
            .Set("gpt-oss.attention.sliding_window", (uint)Window)
            .Set("gpt-oss.expert_count", (uint)Experts)
            .Set("gpt-oss.expert_used_count", (uint)TopK)
            .Set("gpt-oss.expert_feed_forward_length", (uint)ExpertWidth)
            .Set("gpt-oss.rope.scaling.type", "yarn")
            .Set("gpt-oss.rope.scaling.factor", YarnFactor)
            .Set("gpt-oss.rope.scaling.original_context_length", OriginalContext);
    }

    public override void WriteConfig(Utf8JsonWriter json, int layers)
    {
        json.WriteNumber("num_key_value_heads", KvHeads);
        json.WriteNumber("head_dim", HeadDim);
        json.WriteNumber("intermediate_size", ExpertWidth);
        json.WriteNumber("num_local_experts", Experts);
        json.WriteNumber("num_experts_per_tok", TopK);
        json.WriteNumber("sliding_window", Window);
        json.WriteStartArray("layer_types");
        for (var layer = 0; layer < layers; layer++)
        {
            json.WriteStringValue(layer % 2 == 0 ? "sliding_attention" : "full_attention");
        }

        json.WriteEndArray();
        json.WriteBoolean("attention_bias", true);
        json.WriteNumber("swiglu_limit", SwiGluLimit);
        json.WriteNumber("rope_theta", RopeBase);
        json.WriteStartObject("rope_scaling");
        json.WriteString("rope_type", "yarn");
        json.WriteNumber("factor", YarnFactor);
        json.WriteNumber("original_max_position_embeddings", OriginalContext);
        json.WriteNumber("beta_fast", BetaFast);
        json.WriteNumber("beta_slow", BetaSlow);
        json.WriteBoolean("truncate", false);
        json.WriteEndObject();
    }

    public override IEnumerable<string> Unquantized(DType type, int layers) =>
        ["model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head"];

    protected override void AddPublishedLayer(PublishedTensors list, string name, string source, int layer)
    {
        list.Vector($"{name}.input_layernorm.weight", $"{source}.attn_norm.weight");
        foreach (var (published, part) in new[] { ("q_proj", "attn_q"), ("k_proj", "attn_k"), ("v_proj", "attn_v"), ("o_proj", "attn_output") })
        {
            list.Linear($"{name}.self_attn.{published}", $"{source}.{part}.weight");
            list.Vector($"{name}.self_attn.{published}.bias", $"{source}.{part}.bias");
        }

        list.Vector($"{name}.self_attn.sinks", $"{source}.attn_sinks.weight");
        list.Vector($"{name}.post_attention_layernorm.weight", $"{source}.post_attention_norm.weight");
        list.Matrix($"{name}.mlp.router", $"{source}.ffn_gate_inp.weight");
        list.Vector($"{name}.mlp.router.bias", $"{source}.ffn_gate_inp.bias");
        list.Mxfp4($"{name}.mlp.experts.gate_up_proj", Alternating(list, source), Experts);
        list.AlternatingVectors($"{name}.mlp.experts.gate_up_proj_bias", $"{source}.ffn_gate_exps.bias", $"{source}.ffn_up_exps.bias");
        list.Mxfp4($"{name}.mlp.experts.down_proj", MappedRows.Of(list.Values($"{source}.ffn_down_exps.weight")), Experts);
        list.Vector($"{name}.mlp.experts.down_proj_bias", $"{source}.ffn_down_exps.bias");
    }

    // Of every expert row 0 of the gate, row 0 of up, row 1 of the gate …
    private static MappedRows Alternating(PublishedTensors list, string source)
    {
        var (gate, up) = (list.Values($"{source}.ffn_gate_exps.weight"), list.Values($"{source}.ffn_up_exps.weight"));
        return new MappedRows(gate.Rows * 2, gate.Columns, row => (row % 2 == 0 ? gate : up, row / 2));
    }

    protected override void AddLayer(SynthTensorList list, int layer)
    {
        list.Norm("attn_norm.weight", Hidden);
        Linear(list, "attn_q", Heads * HeadDim, Hidden);
        Linear(list, "attn_k", KvHeads * HeadDim, Hidden);
        Linear(list, "attn_v", KvHeads * HeadDim, Hidden);
        Linear(list, "attn_output", Hidden, Heads * HeadDim);
        list.Sinks("attn_sinks.weight", Heads);
        list.Norm("post_attention_norm.weight", Hidden);
        list.Router("ffn_gate_inp.weight", Experts, Hidden);
        list.Bias("ffn_gate_inp.bias", Experts);
        foreach (var (name, rows, columns) in new[] { ("ffn_gate_exps", ExpertWidth, Hidden), ("ffn_up_exps", ExpertWidth, Hidden), ("ffn_down_exps", Hidden, ExpertWidth) })
        {
            list.FourBitMatrix($"{name}.weight", Experts, rows, columns);
            list.Bias($"{name}.bias", Experts, rows);
        }
    }

    private static void Linear(SynthTensorList list, string name, long outputs, long inputs)
    {
        list.Matrix($"{name}.weight", outputs, inputs);
        list.Bias($"{name}.bias", outputs);
    }
}
