using System.Text.Json;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Synthesis.Published;
using Crescent.Kernels;

namespace Crescent.Engine.Synthesis;

/// <summary>kimi-linear: delta attention, every fourth layer and the last one latent attention without rotation, experts after the leading dense layers.</summary>
internal sealed record KimiLinearShape : SynthShape
{
    private const int SigmoidGating = 2;
    private const int Taps = 4;

    public required int DenseLayers { get; init; }

    public required int KvRank { get; init; }

    /// <summary>Width of a head of delta attention.</summary>
    public required int HeadDim { get; init; }

    public required int DenseWidth { get; init; }

    public required int Experts { get; init; }

    public required int TopK { get; init; }

    public override int ExpertsUsed => TopK;

    public required int SharedExperts { get; init; }

    public required int ExpertWidth { get; init; }

    public required float ExpertScale { get; init; }

    public override void WriteMetadata(GgufWriter writer, int layers, int vocab)
    {
        base.WriteMetadata(writer, layers, vocab);
        writer
            .Set("kimi-linear.feed_forward_length", (uint)DenseWidth)
            .Set("kimi-linear.attention.head_count_kv", [.. Enumerable.Range(0, layers).Select(layer => IsLatent(layer) ? 1 : 0)])
            .Set("kimi-linear.leading_dense_block_count", (uint)Math.Min(DenseLayers, layers))
            .Set("kimi-linear.attention.kv_lora_rank", (uint)KvRank)
            .Set("kimi-linear.attention.key_length", (uint)(KvRank + MlaTensors.Rope))
            .Set("kimi-linear.attention.value_length", (uint)KvRank)
            .Set("kimi-linear.attention.key_length_mla", (uint)(MlaTensors.Nope + MlaTensors.Rope))
            .Set("kimi-linear.attention.value_length_mla", (uint)MlaTensors.Value)
            .Set("kimi-linear.rope.dimension_count", (uint)MlaTensors.Rope)
            .Set("kimi-linear.kda.head_dim", (uint)HeadDim)
            .Set("kimi-linear.ssm.conv_kernel", (uint)Taps)
            .Set("kimi-linear.expert_count", (uint)Experts)
            .Set("kimi-linear.expert_used_count", (uint)TopK)
            .Set("kimi-linear.expert_shared_count", (uint)SharedExperts)
            .Set("kimi-linear.expert_feed_forward_length", (uint)ExpertWidth)
            .Set("kimi-linear.expert_weights_scale", ExpertScale)
            .Set("kimi-linear.expert_gating_func", (uint)SigmoidGating);
    }

    public override void WriteConfig(Utf8JsonWriter json, int layers)
    {
        MlaTensors.WriteConfig(json, Heads, queryRank: 0, KvRank);
        json.WriteBoolean("mla_use_nope", true);
        json.WriteStartObject("linear_attn_config");
        WriteLayers(json, "full_attn_layers", layers, latent: true);
        WriteLayers(json, "kda_layers", layers, latent: false);
        json.WriteNumber("num_heads", Heads);
        json.WriteNumber("head_dim", HeadDim);
        json.WriteNumber("short_conv_kernel_size", Taps);
        json.WriteEndObject();
        json.WriteNumber("intermediate_size", DenseWidth);
        json.WriteNumber("first_k_dense_replace", Math.Min(DenseLayers, layers));
        json.WriteNumber("moe_layer_freq", 1);
        json.WriteNumber("num_experts", Experts);
        json.WriteNumber("num_experts_per_token", TopK);
        json.WriteNumber("num_shared_experts", SharedExperts);
        json.WriteNumber("moe_intermediate_size", ExpertWidth);
        json.WriteNumber("num_expert_group", 1);
        json.WriteNumber("topk_group", 1);
        json.WriteBoolean("use_grouped_topk", true);
        json.WriteString("moe_router_activation_func", "sigmoid");
        json.WriteBoolean("moe_renormalize", true);
        json.WriteNumber("routed_scaling_factor", ExpertScale);
        json.WriteNumber("rope_theta", RopeBase);
        json.WriteNull("rope_scaling");
    }

    public override IEnumerable<string> Unquantized(DType type, int layers) => type == DType.INT4_G32
        ? ["lm_head", "re:.*self_attn.*", "re:.*shared_experts.*", @"re:.*mlp\.(gate|up|down)_proj.*"]
        : [];

    protected override void AddPublishedLayer(PublishedTensors list, string name, string source, int layer)
    {
        list.Vector($"{name}.input_layernorm.weight", $"{source}.attn_norm.weight");
        if (IsLatent(layer))
        {
            MlaTensors.AddPublished(list, $"{name}.self_attn", source, isCompressed: false);
        }
        else
        {
            AddPublishedDelta(list, $"{name}.self_attn", source);
        }

        list.Vector($"{name}.post_attention_layernorm.weight", $"{source}.ffn_norm.weight");
        if (layer < DenseLayers)
        {
            list.FeedForward($"{name}.mlp", source);
            return;
        }

        list.Matrix($"{name}.block_sparse_moe.gate", $"{source}.ffn_gate_inp.weight");
        list.Vector($"{name}.block_sparse_moe.gate.e_score_correction_bias", $"{source}.exp_probs_b.bias", DType.F32);
        list.Experts($"{name}.block_sparse_moe.experts", source, "w1", "w3", "w2");
        list.FeedForward($"{name}.block_sparse_moe.shared_experts", source, "_shexp");
    }

    protected override void AddLayer(SynthTensorList list, int layer)
    {
        list.Norm("attn_norm.weight", Hidden);
        if (IsLatent(layer))
        {
            MlaTensors.Add(list, Hidden, Heads, queryRank: 0, KvRank);
        }
        else
        {
            AddDeltaAttention(list);
        }

        list.Norm("ffn_norm.weight", Hidden);
        if (layer < DenseLayers)
        {
            list.Ffn("", Hidden, DenseWidth);
            return;
        }

        list.Router("ffn_gate_inp.weight", Experts, Hidden);
        list.Bias("exp_probs_b.bias", Experts);
        list.Experts(Experts, Hidden, ExpertWidth);
        list.Ffn("_shexp", Hidden, SharedExperts * ExpertWidth);
    }

    private void AddDeltaAttention(SynthTensorList list)
    {
        var width = Heads * HeadDim;
        foreach (var name in (string[])["q", "k", "v"])
        {
            list.Matrix($"attn_{name}.weight", width, Hidden);
            list.Filters($"ssm_conv1d_{name}.weight", width, Taps);
        }

        list.Matrix("ssm_f_a.weight", HeadDim, Hidden);
        list.Matrix("ssm_f_b.weight", width, HeadDim);
        list.Rate("ssm_a", Heads);
        list.Bias("ssm_dt.bias", width);
        list.Matrix("ssm_beta.weight", Heads, Hidden);
        list.Matrix("ssm_g_a.weight", HeadDim, Hidden);
        list.Matrix("ssm_g_b.weight", width, HeadDim);
        list.Norm("ssm_norm.weight", HeadDim);
        list.Matrix("attn_output.weight", Hidden, width);
    }

    private void AddPublishedDelta(PublishedTensors list, string name, string source)
    {
        foreach (var part in (string[])["q", "k", "v"])
        {
            list.Linear($"{name}.{part}_proj", $"{source}.attn_{part}.weight");
            list.Matrix($"{name}.{part}_conv1d", $"{source}.ssm_conv1d_{part}.weight");
        }

        list.LogRates($"{name}.A_log", $"{source}.ssm_a", [1, 1, Heads, 1]);
        list.Linear($"{name}.f_a_proj", $"{source}.ssm_f_a.weight");
        list.Linear($"{name}.f_b_proj", $"{source}.ssm_f_b.weight");
        list.Vector($"{name}.dt_bias", $"{source}.ssm_dt.bias", DType.F32);
        list.Linear($"{name}.b_proj", $"{source}.ssm_beta.weight");
        list.Linear($"{name}.g_a_proj", $"{source}.ssm_g_a.weight");
        list.Linear($"{name}.g_b_proj", $"{source}.ssm_g_b.weight");
        list.Vector($"{name}.o_norm.weight", $"{source}.ssm_norm.weight");
        list.Linear($"{name}.o_proj", $"{source}.attn_output.weight");
    }

    private void WriteLayers(Utf8JsonWriter json, string name, int layers, bool latent)
    {
        json.WriteStartArray(name);
        foreach (var layer in Enumerable.Range(0, layers).Where(layer => IsLatent(layer) == latent))
        {
            json.WriteNumberValue(layer + 1);
        }

        json.WriteEndArray();
    }

    // Counted from 1: 4, 8, 12 … and the last.
    private bool IsLatent(int layer) => (layer + 1) % 4 == 0 || layer + 1 == Layers;
}
