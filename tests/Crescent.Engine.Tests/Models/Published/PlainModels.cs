using Crescent.Tests.Reference;
using Crescent.Tests.Reference.Tiny;

namespace Crescent.Tests.Models.Published;

/// <summary>The tiny models of plain attention under the configurations of what they imitate.</summary>
internal static class PlainModels
{
    /// <summary>Llama 3.1: rotation scaled by wavelength, of halves.</summary>
    public static PublishedModel Llama31 { get; } = Of("llama-3.1", TinyLlama.Llama31, """
        {
          "architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 128000, "eos_token_id": [128001, 128008, 128009],
          "hidden_act": "silu", "hidden_size": 64, "head_dim": 16, "initializer_range": 0.02, "intermediate_size": 112, "max_position_embeddings": 131072, "mlp_bias": false,
          "model_type": "llama", "num_attention_heads": 6, "num_hidden_layers": 3, "num_key_value_heads": 3, "pretraining_tp": 1, "rms_norm_eps": 1e-05,
          "rope_scaling": {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 256, "rope_type": "llama3"},
          "rope_theta": 10000.0, "tie_word_embeddings": false, "torch_dtype": "bfloat16", "transformers_version": "4.43.0.dev0", "use_cache": true, "vocab_size": 288
        }
        """);

    /// <summary>Qwen2.5: biases on queries, keys and values; the embedding is the head.</summary>
    public static PublishedModel Qwen2 { get; } = Of("qwen2", TinyLlama.Qwen2, """
        {
          "architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 151643, "eos_token_id": 151645, "hidden_act": "silu", "hidden_size": 64,
          "initializer_range": 0.02, "intermediate_size": 112, "max_position_embeddings": 32768, "max_window_layers": 21, "model_type": "qwen2", "num_attention_heads": 4,
          "num_hidden_layers": 3, "num_key_value_heads": 2, "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "sliding_window": 32768, "tie_word_embeddings": true,
          "torch_dtype": "bfloat16", "transformers_version": "4.43.1", "use_cache": true, "use_sliding_window": false, "vocab_size": 288
        }
        """);

    /// <summary>Qwen3: head norms, heads wider in sum than the hidden size; without a key for the head's width where it could be guessed wrong.</summary>
    public static PublishedModel Qwen3 { get; } = Of("qwen3", TinyLlama.Qwen3, """
        {
          "architectures": ["Qwen3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 151643, "eos_token_id": 151645, "head_dim": 16,
          "hidden_act": "silu", "hidden_size": 64, "initializer_range": 0.02, "intermediate_size": 112, "max_position_embeddings": 40960, "max_window_layers": 36,
          "model_type": "qwen3", "num_attention_heads": 6, "num_hidden_layers": 3, "num_key_value_heads": 3, "rms_norm_eps": 1e-05, "rope_scaling": null,
          "rope_theta": 10000, "sliding_window": null, "tie_word_embeddings": false, "torch_dtype": "bfloat16", "transformers_version": "4.51.0", "use_cache": true,
          "use_sliding_window": false, "vocab_size": 288
        }
        """) with { Shards = 3 };

    /// <summary>Mistral 7B v0.1: a window in every layer, no key for the head's width.</summary>
    public static PublishedModel Mistral { get; } = Of("mistral", TinyMistral.Model, """
        {
          "architectures": ["MistralForCausalLM"], "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu", "hidden_size": 64, "head_dim": null, "initializer_range": 0.02,
          "intermediate_size": 96, "max_position_embeddings": 32768, "model_type": "mistral", "num_attention_heads": 4, "num_hidden_layers": 3, "num_key_value_heads": 2,
          "rms_norm_eps": 1e-06, "rope_theta": 10000.0, "sliding_window": 11, "tie_word_embeddings": false, "torch_dtype": "bfloat16", "transformers_version": "4.34.0.dev0",
          "use_cache": true, "vocab_size": 288
        }
        """) with
    {
        Reference = read => new LlamaReference(TinyMistral.ConfigWith(Rotation.Plain(10000, 16, isInterleaved: false)), read).Logits,
    };

    /// <summary>Baichuan 7B.</summary>
    public static PublishedModel Baichuan7B { get; } = Of("baichuan-7b", TinyBaichuan.Rotating, """
        {
          "architectures": ["BaiChuanForCausalLM"], "auto_map": {"AutoConfig": "configuration_baichuan.BaiChuanConfig"}, "bos_token_id": 1, "eos_token_id": 2,
          "hidden_act": "silu", "hidden_size": 48, "initializer_range": 0.02, "intermediate_size": 64, "max_position_embeddings": 4096, "model_type": "baichuan",
          "num_attention_heads": 6, "num_hidden_layers": 32, "pad_token_id": 0, "rms_norm_eps": 1e-06, "tie_word_embeddings": false, "torch_dtype": "bfloat16",
          "transformers_version": "4.29.1", "use_cache": true, "vocab_size": 288
        }
        """);

    /// <summary>Baichuan 13B: linear biases, and a length under another key.</summary>
    public static PublishedModel Baichuan13B { get; } = Of("baichuan-13b", TinyBaichuan.Alibi, """
        {
          "_from_model_config": true, "architectures": ["BaichuanForCausalLM"], "bos_token_id": 1, "eos_token_id": 2, "gradient_checkpointing": false, "hidden_act": "silu",
          "hidden_size": 48, "initializer_range": 0.02, "intermediate_size": 64, "model_max_length": 4096, "model_type": "baichuan", "num_attention_heads": 6,
          "num_hidden_layers": 40, "pad_token_id": 0, "rms_norm_eps": 1e-06, "tie_word_embeddings": false, "torch_dtype": "bfloat16", "transformers_version": "4.29.2",
          "use_cache": true, "vocab_size": 288
        }
        """);

    /// <summary>Kimi-Linear: layers counted from 1, and no position enters its latent layers.</summary>
    public static PublishedModel KimiLinear { get; } = Of("kimi-linear", TinyKimiLinear.Model, """
        {
          "architectures": ["KimiLinearForCausalLM"], "auto_map": {"AutoConfig": "configuration_kimi.KimiLinearConfig"}, "bos_token_id": 163584, "dtype": "bfloat16",
          "eos_token_id": 163586, "first_k_dense_replace": 1, "head_dim": 21, "hidden_act": "silu", "hidden_size": 64, "initializer_range": 0.02, "intermediate_size": 80,
          "kv_lora_rank": 32,
          "linear_attn_config": {"full_attn_layers": [3, 5], "head_dim": 32, "kda_layers": [1, 2, 4], "num_heads": 3, "short_conv_kernel_size": 4},
          "mla_use_nope": true, "model_max_length": 1048576, "model_type": "kimi_linear", "moe_intermediate_size": 24, "moe_layer_freq": 1, "moe_renormalize": true,
          "moe_router_activation_func": "sigmoid", "num_attention_heads": 3, "num_expert_group": 1, "num_experts": 8, "num_experts_per_token": 3, "num_hidden_layers": 5,
          "num_key_value_heads": 3, "num_nextn_predict_layers": 0, "num_shared_experts": 1, "pad_token_id": 163839, "q_lora_rank": null, "qk_nope_head_dim": 16,
          "qk_rope_head_dim": 8, "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 10000.0, "routed_scaling_factor": 2.446, "tie_word_embeddings": false,
          "topk_group": 1, "transformers_version": "4.57.1", "use_cache": true, "use_grouped_topk": true, "v_head_dim": 12, "vocab_size": 288
        }
        """) with { Shards = 4, Reference = read => new KimiLinearReference(TinyKimiLinear.Config, read).Logits };

    private static PublishedModel Of(string name, TinyModel tiny, string config) => new(name, config, tiny.Tensors.Shapes, tiny.Tensors.Read, _ => tiny.Reference);
}
