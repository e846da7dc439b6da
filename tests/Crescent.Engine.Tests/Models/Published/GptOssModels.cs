using Crescent.Tests.Reference;
using Crescent.Tests.Reference.Tiny;

namespace Crescent.Tests.Models.Published;

/// <summary>The tiny gpt-oss with the published settings of its rotation, experts in MXFP4 and the rest in bfloat16.</summary>
internal static class GptOssModels
{
    public static PublishedModel Model { get; } = With(slidingWindow: 8, truncate: "false");

    /// <summary>The reference with other settings.</summary>
    public static Func<TensorReader, Func<int[], double[][]>> Reference(int slidingWindow = 8, bool truncate = false) => read =>
        new GptOssReference(
            TinyGptOss.Config with { SlidingWindow = slidingWindow, Rotation = Rotation.Yarn(150000, 16, isInterleaved: false, 32, 4096, 32, 1, truncate) }, read).Logits;

    /// <summary>The model with other settings, as its configuration writes them.</summary>
    public static PublishedModel With(int slidingWindow, string truncate) => new("gpt-oss", $$"""
        {
          "architectures": ["GptOssForCausalLM"], "attention_bias": true, "attention_dropout": 0.0, "eos_token_id": 200002, "experts_per_token": 3, "head_dim": 16,
          "hidden_act": "silu", "hidden_size": 64, "initial_context_length": 4096, "initializer_range": 0.02, "intermediate_size": 32,
          "layer_types": ["sliding_attention", "full_attention", "sliding_attention", "full_attention"], "max_position_embeddings": 131072, "model_type": "gpt_oss",
          "num_attention_heads": 8, "num_experts_per_tok": 3, "num_hidden_layers": 4, "num_key_value_heads": 2, "num_local_experts": 6, "output_router_logits": false,
          "pad_token_id": 199999,
          "quantization_config": {"modules_to_not_convert": ["model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head"], "quant_method": "mxfp4"},
          "rms_norm_eps": 1e-05,
          "rope_scaling": {"beta_fast": 32.0, "beta_slow": 1.0, "factor": 32.0, "original_max_position_embeddings": 4096, "rope_type": "yarn", "truncate": {{truncate}}},
          "rope_theta": 150000, "router_aux_loss_coef": 0.9, "sliding_window": {{slidingWindow}}, "swiglu_limit": 7.0, "tie_word_embeddings": false,
          "transformers_version": "4.55.0.dev0", "use_cache": true, "vocab_size": 288
        }
        """, TinyGptOss.Model.Tensors.Shapes, TinyGptOss.Model.Tensors.Read, Reference(slidingWindow))
    {
        FormOf = name => name.EndsWith("experts.gate_up_proj", StringComparison.Ordinal) || name.EndsWith("experts.down_proj", StringComparison.Ordinal) ? Stored.Mxfp4 : PublishedModel.Brain,
        Shards = 3,
    };
}
