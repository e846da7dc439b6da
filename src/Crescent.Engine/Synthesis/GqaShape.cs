using System.Text.Json;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Synthesis.Published;
using Crescent.Kernels;

namespace Crescent.Engine.Synthesis;

/// <summary>llama (dense, tied, Llama-3's rope divisors) and qwen3moe (experts, q and k norms).</summary>
internal sealed record GqaShape : SynthShape
{
    // Llama 3.1 and later.
    private const double LowFactor = 1;
    private const double HighFactor = 4;
    private const int OriginalContext = 8192;

    public required int KvHeads { get; init; }

    public required int HeadDim { get; init; }

    /// <summary>Width of the dense layer; in a model of experts only a number in the metadata.</summary>
    public required int DenseWidth { get; init; }

    public (int Count, int TopK, int Width)? Experts { get; init; }

    public override int ExpertsUsed => Experts?.TopK ?? 0;

    /// <summary>Llama-3's rope scaling, stored as a tensor of divisors.</summary>
    public float RopeFactor { get; init; } = 1;

    public override bool Tied => Experts is null;

    protected override bool HasRoutedExperts => Experts is not null;

    public override void WriteMetadata(GgufWriter writer, int layers, int vocab)
    {
        base.WriteMetadata(writer, layers, vocab);
        writer
            .Set($"{Architecture}.feed_forward_length", (uint)DenseWidth)
            .Set($"{Architecture}.attention.head_count_kv", (uint)KvHeads)
            .Set($"{Architecture}.attention.key_length", (uint)HeadDim)
            .Set($"{Architecture}.attention.value_length", (uint)HeadDim)
            .Set($"{Architecture}.rope.dimension_count", (uint)HeadDim);
        if (Experts is { } experts)
        {
            writer
                .Set($"{Architecture}.expert_count", (uint)experts.Count)
                .Set($"{Architecture}.expert_used_count", (uint)experts.TopK)
                .Set($"{Architecture}.expert_feed_forward_length", (uint)experts.Width);
        }
    }

    public override void WriteConfig(Utf8JsonWriter json, int layers)
    {
        json.WriteNumber("num_key_value_heads", KvHeads);
        json.WriteNumber("head_dim", HeadDim);
        json.WriteNumber("intermediate_size", DenseWidth);
        json.WriteBoolean("attention_bias", false);
        json.WriteNumber("rope_theta", RopeBase);
        WriteRopeScaling(json);
        if (Experts is not { } experts)
        {
            json.WriteBoolean("mlp_bias", false);
            return;
        }

        json.WriteNumber("num_experts", experts.Count);
        json.WriteNumber("num_experts_per_tok", experts.TopK);
        json.WriteNumber("moe_intermediate_size", experts.Width);
        json.WriteBoolean("norm_topk_prob", true);
        json.WriteNumber("decoder_sparse_step", 1);
        json.WriteStartArray("mlp_only_layers");
        json.WriteEndArray();
        json.WriteBoolean("use_sliding_window", false);
        json.WriteNull("sliding_window");
    }

    public override IEnumerable<string> Unquantized(DType type, int layers)
    {
        var routers = Experts is null ? [] : Enumerable.Range(0, layers).Select(layer => $"model.layers.{layer}.mlp.gate");
        return type == DType.INT4_G32 ? ["lm_head", "re:.*self_attn.*", .. routers] : ["lm_head", .. routers];
    }

    protected override void AddPublishedLayer(PublishedTensors list, string name, string source, int layer)
    {
        list.Vector($"{name}.input_layernorm.weight", $"{source}.attn_norm.weight");
        list.Linear($"{name}.self_attn.q_proj", InHalves(list.Values($"{source}.attn_q.weight")));
        list.Linear($"{name}.self_attn.k_proj", InHalves(list.Values($"{source}.attn_k.weight")));
        list.Linear($"{name}.self_attn.v_proj", $"{source}.attn_v.weight");
        list.Linear($"{name}.self_attn.o_proj", $"{source}.attn_output.weight");
        if (Experts is null)
        {
            list.Vector($"{name}.post_attention_layernorm.weight", $"{source}.ffn_norm.weight");
            list.FeedForward($"{name}.mlp", source);
            return;
        }

        list.Vector($"{name}.self_attn.q_norm.weight", $"{source}.attn_q_norm.weight");
        list.Vector($"{name}.self_attn.k_norm.weight", $"{source}.attn_k_norm.weight");
        list.Vector($"{name}.post_attention_layernorm.weight", $"{source}.ffn_norm.weight");
        list.Matrix($"{name}.mlp.gate", $"{source}.ffn_gate_inp.weight");
        list.Experts($"{name}.mlp.experts", source);
    }

    protected override void AddGlobals(SynthTensorList list)
    {
        if (RopeFactor != 1)
        {
            list.Given("rope_freqs.weight", RopeDivisors());
        }
    }

    protected override void AddLayer(SynthTensorList list, int layer)
    {
        list.Norm("attn_norm.weight", Hidden);
        list.Matrix("attn_q.weight", Heads * HeadDim, Hidden);
        list.Matrix("attn_k.weight", KvHeads * HeadDim, Hidden);
        list.Matrix("attn_v.weight", KvHeads * HeadDim, Hidden);
        list.Matrix("attn_output.weight", Hidden, Heads * HeadDim);
        list.Norm("ffn_norm.weight", Hidden);
        if (Experts is not { } experts)
        {
            list.Ffn("", Hidden, DenseWidth);
            return;
        }

        list.Norm("attn_q_norm.weight", HeadDim);
        list.Norm("attn_k_norm.weight", HeadDim);
        list.Router("ffn_gate_inp.weight", experts.Count, Hidden);
        list.Experts(experts.Count, Hidden, experts.Width);
    }

    // In GGUF's files of llama the two values that rotate together are neighbours; as published they are half a head apart. Other architectures are untouched.
    private MappedRows InHalves(SynthValues values)
    {
        var half = HeadDim / 2;
        return Architecture != "llama" ? MappedRows.Of(values) : new MappedRows(values.Rows, values.Columns, row =>
        {
            var at = row % HeadDim;
            return (values, row - at + (at % half * 2) + (at / half));
        });
    }

    private void WriteRopeScaling(Utf8JsonWriter json)
    {
        if (RopeFactor == 1)
        {
            json.WriteNull("rope_scaling");
            return;
        }

        json.WriteStartObject("rope_scaling");
        json.WriteString("rope_type", "llama3");
        json.WriteNumber("factor", RopeFactor);
        json.WriteNumber("low_freq_factor", LowFactor);
        json.WriteNumber("high_freq_factor", HighFactor);
        json.WriteNumber("original_max_position_embeddings", OriginalContext);
        json.WriteEndObject();
    }

    // Llama 3.1's scaling (transformers, _compute_llama3_parameters).
    private float[] RopeDivisors()
    {
        return [.. Enumerable.Range(0, HeadDim / 2).Select(i =>
        {
            var wavelength = 2 * Math.PI * Math.Pow(RopeBase, 2.0 * i / HeadDim);
            var smooth = Math.Clamp(((OriginalContext / wavelength) - LowFactor) / (HighFactor - LowFactor), 0, 1);
            return (float)(1 / (((1 - smooth) / RopeFactor) + smooth));
        })];
    }
}
