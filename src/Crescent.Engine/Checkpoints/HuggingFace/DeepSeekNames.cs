using System.Globalization;

namespace Crescent.Engine.Checkpoints.HuggingFace;

/// <summary>Names of the tensors in releases of DeepSeek-V3, Moonlight and Kimi K2; a module's matrix is its name and <c>.weight</c>.</summary>
public static class DeepSeekNames
{
    public const string Embedding = "model.embed_tokens";
    public const string FinalNorm = "model.norm";
    public const string Head = "lm_head";

    public const string AttentionNorm = "input_layernorm";
    public const string FeedForwardNorm = "post_attention_layernorm";
    public const string Attention = "self_attn";
    public const string FeedForward = "mlp";

    public const string Query = "q_proj";
    public const string QueryDown = "q_a_proj";
    public const string QueryNorm = "q_a_layernorm";
    public const string QueryUp = "q_b_proj";
    public const string LatentDown = "kv_a_proj_with_mqa";
    public const string LatentNorm = "kv_a_layernorm";
    public const string LatentUp = "kv_b_proj";
    public const string Output = "o_proj";

    public const string Router = "gate";
    public const string RouterBias = "gate.e_score_correction_bias";
    public const string Experts = "experts";
    public const string SharedExperts = "shared_experts";
    public const string Gate = "gate_proj";
    public const string Up = "up_proj";
    public const string Down = "down_proj";

    /// <summary>The module of a layer.</summary>
    public static string Layer(int index) => string.Create(CultureInfo.InvariantCulture, $"model.layers.{index}");
}
