using System.Globalization;
using Crescent.Tests.Reference.Tiny;

namespace Crescent.Tests.Conversion;

/// <summary>The tiny reference models as the hub would have them.</summary>
internal static class PublishedTiny
{
    private const string Common = "\"vocab_size\": 288, \"max_position_embeddings\": 4096, \"rope_theta\": 10000";

    private static readonly Dictionary<string, string> s_configs = new()
    {
        ["tiny-llama-3.1"] =
            $$"""
            { "model_type": "llama", "num_hidden_layers": 3, "hidden_size": 64, "intermediate_size": 112, "num_attention_heads": 6, "num_key_value_heads": 3, "head_dim": 16, "rms_norm_eps": 1e-5, {{Common}},
              "rope_scaling": { "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 256 } }
            """,
        ["tiny-qwen-2"] =
            $$"""
            { "model_type": "qwen2", "num_hidden_layers": 3, "hidden_size": 64, "intermediate_size": 112, "num_attention_heads": 4, "num_key_value_heads": 2, "rms_norm_eps": 1e-5, "tie_word_embeddings": true, {{Common}} }
            """,
        ["tiny-qwen-3"] =
            $$"""
            { "model_type": "qwen3", "num_hidden_layers": 3, "hidden_size": 64, "intermediate_size": 112, "num_attention_heads": 6, "num_key_value_heads": 3, "head_dim": 16, "rms_norm_eps": 1e-5, {{Common}} }
            """,
        ["tiny-gpt-oss"] =
            """
            { "model_type": "gpt_oss", "num_hidden_layers": 4, "hidden_size": 64, "intermediate_size": 32, "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 16, "rms_norm_eps": 1e-5, "sliding_window": 8,
              "num_local_experts": 6, "num_experts_per_tok": 3, "vocab_size": 288, "max_position_embeddings": 4096, "rope_theta": 5.0, "quantization_config": { "quant_method": "mxfp4" },
              "rope_scaling": { "rope_type": "yarn", "factor": 32.0, "original_max_position_embeddings": 200, "beta_fast": 32.0, "beta_slow": 1.0, "truncate": false } }
            """,
        ["tiny-baichuan-rope"] = Baichuan(32),
        ["tiny-baichuan-alibi"] = Baichuan(40),
        ["tiny-grok-2"] =
            $$"""
            { "model_type": "git", "residual_moe": true, "num_hidden_layers": 3, "hidden_size": 64, "intermediate_size": 96, "moe_intermediate_size": 48, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16,
              "rms_norm_eps": {{Number(TinyGrok2.Config.Epsilon)}}, "num_local_experts": 8, "num_experts_per_tok": 2, "embedding_multiplier_scale": 8.0, "output_multiplier_scale": {{Number(TinyGrok2.Config.OutputMultiplier)}},
              "attn_output_multiplier": {{Number(TinyGrok2.Config.AttentionMultiplier)}}, "attn_logit_softcapping": {{Number(TinyGrok2.Config.AttentionCap)}}, "router_logit_softcapping": {{Number(TinyGrok2.Config.RouterCap)}},
              "final_logit_softcapping": 5.0, "attn_temperature_len": {{Number(TinyGrok2.Config.TemperatureLength)}}, "rope_type": "original", {{Common}} }
            """,
        ["reference-kimi-linear"] =
            $$"""
            { "model_type": "kimi_linear", "num_hidden_layers": 5, "hidden_size": 64, "intermediate_size": 80, "moe_intermediate_size": 24, "num_attention_heads": 3, "num_key_value_heads": 3, "rms_norm_eps": 1e-6, {{Common}},
              "linear_attn_config": { "full_attn_layers": [3, 5], "kda_layers": [1, 2, 4], "num_heads": 3, "head_dim": 32, "short_conv_kernel_size": 4 },
              "mla_use_nope": true, "qk_nope_head_dim": 16, "qk_rope_head_dim": 8, "v_head_dim": 12, "kv_lora_rank": 32, "q_lora_rank": null,
              "first_k_dense_replace": 1, "num_experts": 8, "num_experts_per_token": 3, "num_shared_experts": 1, "routed_scaling_factor": 2.446, "moe_renormalize": true, "moe_router_activation_func": "sigmoid" }
            """,
    };

    /// <summary>The models that can be published.</summary>
    public static string[] Names { get; } = [.. s_configs.Keys];

    public static PublishedFolder Write(string name)
    {
        var tensors = TinyModel.Named(name).Tensors;
        var folder = new PublishedFolder();
        foreach (var (published, shape) in tensors.Shapes)
        {
            float[] values = [.. tensors.Read(published).Select(value => (float)value)];
            if (published.EndsWith("experts.gate_up_proj", StringComparison.Ordinal) || published.EndsWith("experts.down_proj", StringComparison.Ordinal))
            {
                folder.AddMxfp4(published, shape[0], shape[1], shape[2], values);
            }
            else
            {
                folder.Add(published, [.. shape.Select(length => (long)length)], values);
            }
        }

        return folder.Write(s_configs[name]);
    }

    private static string Baichuan(int layers) =>
        $$"""
        { "model_type": "baichuan", "num_hidden_layers": {{layers}}, "hidden_size": 48, "intermediate_size": 64, "num_attention_heads": 6, "rms_norm_eps": 1e-6, {{Common}} }
        """;

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
