using Crescent.Tests.Reference;

namespace Crescent.Tests.Models.Published;

/// <summary>The golden models of DeepSeek's kind, their values under published names, in the forms that their kinds are published in.</summary>
internal static class LatentModels
{
    private const string Float8 = """
        "quantization_config": {"activation_scheme": "dynamic", "fmt": "e4m3", "quant_method": "fp8", "weight_block_size": [128, 128]},
        """;

    private const string Int4 = """
        "quantization_config": {
          "config_groups": {"group_0": {"input_activations": null, "output_activations": null, "targets": ["Linear"], "weights": {"actorder": null, "block_structure": null,
            "dynamic": false, "group_size": 32, "num_bits": 4, "observer": "minmax", "observer_kwargs": {}, "strategy": "group", "symmetric": true, "type": "int"}}},
          "format": "pack-quantized", "ignore": ["lm_head", "re:.*self_attn.*", "re:.*shared_experts.*", "re:.*mlp\\.(gate|up|gate_up|down)_proj.*"], "kv_cache_scheme": null,
          "quant_method": "compressed-tensors", "quantization_status": "compressed"
        },
        """;

    private static readonly LatentSizes s_kimi = new(4, 1, 128, 4, 48, 64, 32, 16, 32, 256, 64, 24, 1);
    private static readonly LatentSizes s_deepSeek3 = s_kimi with { Dense = 2, Experts = 32 };
    private static readonly LatentSizes s_small = new(27, 1, 64, 4, 0, 32, 16, 8, 16, 160, 32, 8, 2);

    /// <summary>Kimi K2 in float32.</summary>
    public static PublishedModel KimiK2 { get; } = Kimi("kimi-k2", "");

    /// <summary>Kimi K2 as bfloat16 throughout.</summary>
    public static PublishedModel KimiK2Brain { get; } = Kimi("kimi-k2-bf16", "") with { FormOf = Brain, Shards = 5 };

    /// <summary>Kimi K2 as published: matrices of layers in FP8, but for routers.</summary>
    public static PublishedModel KimiK2Float8 { get; } = Kimi("kimi-k2-fp8", Float8) with { FormOf = Float8Form, Shards = 5 };

    /// <summary>Kimi K2 Thinking as published: routed experts in INT4, the rest bfloat16.</summary>
    public static PublishedModel KimiK2Thinking { get; } =
        Kimi("kimi-k2-thinking", Int4) with { FormOf = name => name.Contains(".experts.", StringComparison.Ordinal) ? Stored.Int4 : Brain(name), Shards = 5 };

    /// <summary>DeepSeek-V3: groups of experts, two dense layers.</summary>
    public static PublishedModel DeepSeek3 { get; } = DeepSeek("deepseek-v3", "");

    public static PublishedModel DeepSeek3Float8 { get; } = DeepSeek("deepseek-v3-fp8", Float8) with { FormOf = Float8Form, Shards = 2 };

    /// <summary>Moonlight: no compression of queries, no scaling of positions.</summary>
    public static PublishedModel Moonlight { get; } = Golden("g-moonlight", "moonlight", s_small, """
        {
          "architectures": ["DeepseekV3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "aux_loss_alpha": 0.001, "bos_token_id": 163584, "eos_token_id": 163586,
          "ep_size": 1, "first_k_dense_replace": 1, "hidden_act": "silu", "hidden_size": 64, "initializer_range": 0.02, "intermediate_size": 160, "kv_lora_rank": 32,
          "max_position_embeddings": 8192, "model_type": "deepseek_v3", "moe_intermediate_size": 32, "moe_layer_freq": 1, "n_group": 1, "n_routed_experts": 8,
          "n_shared_experts": 2, "norm_topk_prob": true, "num_attention_heads": 4, "num_experts_per_tok": 3, "num_hidden_layers": 27, "num_key_value_heads": 4,
          "num_nextn_predict_layers": 0, "pretraining_tp": 1, "q_lora_rank": null, "qk_nope_head_dim": 16, "qk_rope_head_dim": 8, "rms_norm_eps": 1e-05, "rope_scaling": null,
          "rope_theta": 50000.0, "routed_scaling_factor": 2.446, "scoring_func": "sigmoid", "seq_aux": true, "tie_word_embeddings": false, "topk_group": 1,
          "topk_method": "noaux_tc", "torch_dtype": "bfloat16", "transformers_version": "4.48.3", "use_cache": true, "v_head_dim": 16, "vocab_size": 512
        }
        """);

    /// <summary>DeepSeek-V2-Lite: softmax, shares as they are, no selection bias.</summary>
    public static PublishedModel DeepSeek2Lite { get; } = Golden("g-deepseek-v2-lite", "deepseek-v2-lite", s_small with { HasSelectionBias = false }, """
        {
          "architectures": ["DeepseekV2ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "aux_loss_alpha": 0.001, "bos_token_id": 100000, "eos_token_id": 100001,
          "first_k_dense_replace": 1, "hidden_act": "silu", "hidden_size": 64, "initializer_range": 0.02, "intermediate_size": 160, "kv_lora_rank": 32,
          "max_position_embeddings": 8192, "model_type": "deepseek_v2", "moe_intermediate_size": 32, "moe_layer_freq": 1, "n_group": 1, "n_routed_experts": 8,
          "n_shared_experts": 2, "norm_topk_prob": false, "num_attention_heads": 4, "num_experts_per_tok": 3, "num_hidden_layers": 27, "num_key_value_heads": 4,
          "pretraining_tp": 1, "q_lora_rank": null, "qk_nope_head_dim": 16, "qk_rope_head_dim": 8, "rms_norm_eps": 1e-05, "rope_scaling": null, "rope_theta": 10000,
          "routed_scaling_factor": 1.0, "scoring_func": "softmax", "seq_aux": true, "tie_word_embeddings": false, "topk_group": 1, "topk_method": "greedy",
          "torch_dtype": "bfloat16", "transformers_version": "4.33.1", "use_cache": true, "v_head_dim": 16, "vocab_size": 512
        }
        """);

    /// <summary>Kimi K2's configuration with another one of its parts.</summary>
    public static string KimiConfig(string quantization = "", string? ropeScaling = null) => $$"""
        {
          "architectures": ["DeepseekV3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "auto_map": {"AutoConfig": "configuration_deepseek.DeepseekV3Config"},
          "aux_loss_alpha": 0.001, "bos_token_id": 163584, "eos_token_id": 163585, "ep_size": 1, "first_k_dense_replace": 1, "hidden_act": "silu", "hidden_size": 128,
          "initializer_range": 0.02, "intermediate_size": 256, "kv_lora_rank": 64, "max_position_embeddings": 131072, "model_type": "kimi_k2", "moe_intermediate_size": 64,
          "moe_layer_freq": 1, "n_group": 1, "n_routed_experts": 24, "n_shared_experts": 1, "norm_topk_prob": true, "num_attention_heads": 4, "num_experts_per_tok": 4,
          "num_hidden_layers": 4, "num_key_value_heads": 4, "num_nextn_predict_layers": 0, "pretraining_tp": 1, "q_lora_rank": 48, "qk_nope_head_dim": 32,
          "qk_rope_head_dim": 16, {{quantization}} "rms_norm_eps": 1e-05,
          "rope_scaling": {{ropeScaling ?? """{"beta_fast": 1.0, "beta_slow": 1.0, "factor": 32.0, "mscale": 1.0, "mscale_all_dim": 1.0, "original_max_position_embeddings": 4096, "type": "yarn"}"""}},
          "rope_theta": 50000.0, "routed_scaling_factor": 2.827, "scoring_func": "sigmoid", "seq_aux": true, "tie_word_embeddings": false, "topk_group": 1,
          "topk_method": "noaux_tc", "torch_dtype": "bfloat16", "transformers_version": "4.48.3", "use_cache": true, "v_head_dim": 32, "vocab_size": 512
        }
        """;

    private static PublishedModel Kimi(string name, string quantization) => Golden("g-kimi-k2", name, s_kimi, KimiConfig(quantization));

    private static PublishedModel DeepSeek(string name, string quantization) => Golden("g-deepseek-v3", name, s_deepSeek3, $$"""
        {
          "architectures": ["DeepseekV3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 0, "eos_token_id": 1, "ep_size": 1,
          "first_k_dense_replace": 2, "hidden_act": "silu", "hidden_size": 128, "initializer_range": 0.02, "intermediate_size": 256, "kv_lora_rank": 64,
          "max_position_embeddings": 8192, "model_type": "deepseek_v3", "moe_intermediate_size": 64, "moe_layer_freq": 1, "n_group": 8, "n_routed_experts": 32,
          "n_shared_experts": 1, "norm_topk_prob": true, "num_attention_heads": 4, "num_experts_per_tok": 4, "num_hidden_layers": 4, "num_key_value_heads": 4,
          "num_nextn_predict_layers": 1, "q_lora_rank": 48, "qk_nope_head_dim": 32, "qk_rope_head_dim": 16, {{quantization}} "rms_norm_eps": 1e-05, "rope_theta": 10000,
          "routed_scaling_factor": 2.5, "scoring_func": "sigmoid", "tie_word_embeddings": false, "topk_group": 4, "topk_method": "noaux_tc", "torch_dtype": "bfloat16",
          "transformers_version": "4.33.1", "use_cache": true, "v_head_dim": 32, "vocab_size": 512
        }
        """);

    private static StoredForm? Brain(string name) => name.EndsWith("e_score_correction_bias", StringComparison.Ordinal) ? null : PublishedModel.Brain;

    private static StoredForm? Float8Form(string name) => name.EndsWith("_proj.weight", StringComparison.Ordinal) || name.EndsWith("_with_mqa.weight", StringComparison.Ordinal) ? Stored.Float8 : Brain(name);

    private static PublishedModel Golden(string golden, string name, LatentSizes sizes, string config) =>
        GoldenModels.Of(golden, name, config, sizes.Shapes(512), (metadata, read) => new DeepSeekReference(ReferenceGoldenTests.DeepSeekConfig(metadata), read).Logits);
}
