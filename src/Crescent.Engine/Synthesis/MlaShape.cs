using System.Text.Json;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Checkpoints.HuggingFace;
using Crescent.Engine.Synthesis.Published;
using Crescent.Kernels;

namespace Crescent.Engine.Synthesis;

/// <summary>deepseek2 as llama.cpp writes it now: absorbed attention (one KV head of latent + rope dimensions), split <c>attn_k_b</c> and <c>attn_v_b</c>.</summary>
internal sealed record MlaShape : SynthShape
{
    private const int SigmoidGating = 2;
    private const uint OriginalContext = 4096;

    public required int DenseLayers { get; init; }

    /// <summary>Width of the query's compression; 0 for none.</summary>
    public required int QueryRank { get; init; }

    public required int KvRank { get; init; }

    public required int DenseWidth { get; init; }

    public required int Experts { get; init; }

    public required int TopK { get; init; }

    public override int ExpertsUsed => TopK;

    public required int SharedExperts { get; init; }

    public required int ExpertWidth { get; init; }

    public required float ExpertScale { get; init; }

    public (int All, int Used)? Groups { get; init; }

    public (float Factor, float BetaFast, float BetaSlow)? Yarn { get; init; }

    public override void WriteMetadata(GgufWriter writer, int layers, int vocab)
    {
        base.WriteMetadata(writer, layers, vocab);
        writer
            .Set("deepseek2.feed_forward_length", (uint)DenseWidth)
            .Set("deepseek2.attention.head_count_kv", 1u)
            .Set("deepseek2.leading_dense_block_count", (uint)Math.Min(DenseLayers, layers))
            .Set("deepseek2.attention.kv_lora_rank", (uint)KvRank)
            .Set("deepseek2.attention.key_length", (uint)(KvRank + MlaTensors.Rope))
            .Set("deepseek2.attention.value_length", (uint)KvRank)
            .Set("deepseek2.attention.key_length_mla", (uint)(MlaTensors.Nope + MlaTensors.Rope))
            .Set("deepseek2.attention.value_length_mla", (uint)MlaTensors.Value)
            .Set("deepseek2.expert_count", (uint)Experts)
            .Set("deepseek2.expert_used_count", (uint)TopK)
            .Set("deepseek2.expert_shared_count", (uint)SharedExperts)
            .Set("deepseek2.expert_feed_forward_length", (uint)ExpertWidth)
            .Set("deepseek2.expert_weights_scale", ExpertScale)
            .Set("deepseek2.expert_weights_norm", true)
            .Set("deepseek2.expert_gating_func", (uint)SigmoidGating)
            .Set("deepseek2.rope.dimension_count", (uint)MlaTensors.Rope);
        if (QueryRank > 0)
        {
            writer.Set("deepseek2.attention.q_lora_rank", (uint)QueryRank);
        }

        if (Groups is { } groups)
        {
            writer.Set("deepseek2.expert_group_count", (uint)groups.All).Set("deepseek2.expert_group_used_count", (uint)groups.Used);
        }

        if (Yarn is { } yarn)
        {
            writer
                .Set("deepseek2.rope.scaling.type", "yarn")
                .Set("deepseek2.rope.scaling.factor", yarn.Factor)
                .Set("deepseek2.rope.scaling.original_context_length", OriginalContext)
                .Set("deepseek2.rope.scaling.yarn_log_multiplier", 0.1f)
                .Set("deepseek2.rope.scaling.yarn_beta_fast", yarn.BetaFast)
                .Set("deepseek2.rope.scaling.yarn_beta_slow", yarn.BetaSlow);
        }
    }

    public override void WriteConfig(Utf8JsonWriter json, int layers)
    {
        MlaTensors.WriteConfig(json, Heads, QueryRank, KvRank);
        json.WriteNumber("intermediate_size", DenseWidth);
        json.WriteNumber("first_k_dense_replace", Math.Min(DenseLayers, layers));
        json.WriteNumber("moe_layer_freq", 1);
        json.WriteNumber("n_routed_experts", Experts);
        json.WriteNumber("num_experts_per_tok", TopK);
        json.WriteNumber("n_shared_experts", SharedExperts);
        json.WriteNumber("moe_intermediate_size", ExpertWidth);
        json.WriteNumber("n_group", Groups?.All ?? 1);
        json.WriteNumber("topk_group", Groups?.Used ?? 1);
        json.WriteString("scoring_func", "sigmoid");
        json.WriteString("topk_method", "noaux_tc");
        json.WriteBoolean("norm_topk_prob", true);
        json.WriteNumber("routed_scaling_factor", ExpertScale);
        json.WriteBoolean("attention_bias", false);
        json.WriteNumber("num_nextn_predict_layers", 0);
        json.WriteNumber("rope_theta", RopeBase);
        if (Yarn is not { } yarn)
        {
            json.WriteNull("rope_scaling");
            return;
        }

        json.WriteStartObject("rope_scaling");
        json.WriteString("type", "yarn");
        json.WriteNumber("factor", yarn.Factor);
        json.WriteNumber("original_max_position_embeddings", OriginalContext);
        json.WriteNumber("beta_fast", yarn.BetaFast);
        json.WriteNumber("beta_slow", yarn.BetaSlow);
        json.WriteNumber("mscale", 1);
        json.WriteNumber("mscale_all_dim", 1);
        json.WriteEndObject();
    }

    public override IEnumerable<string> Unquantized(DType type, int layers) => type == DType.INT4_G32 ? Int4Config.AllButExperts : [];

    protected override void AddPublishedLayer(PublishedTensors list, string name, string source, int layer)
    {
        list.Vector($"{name}.input_layernorm.weight", $"{source}.attn_norm.weight");
        MlaTensors.AddPublished(list, $"{name}.self_attn", source, QueryRank > 0);
        list.Vector($"{name}.post_attention_layernorm.weight", $"{source}.ffn_norm.weight");
        if (layer < DenseLayers)
        {
            list.FeedForward($"{name}.mlp", source);
            return;
        }

        list.Matrix($"{name}.mlp.gate", $"{source}.ffn_gate_inp.weight");
        list.Vector($"{name}.mlp.gate.e_score_correction_bias", $"{source}.exp_probs_b.bias", DType.F32);
        list.Experts($"{name}.mlp.experts", source);
        list.FeedForward($"{name}.mlp.shared_experts", source, "_shexp");
    }

    protected override void AddLayer(SynthTensorList list, int layer)
    {
        list.Norm("attn_norm.weight", Hidden);
        MlaTensors.Add(list, Hidden, Heads, QueryRank, KvRank);
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
}
