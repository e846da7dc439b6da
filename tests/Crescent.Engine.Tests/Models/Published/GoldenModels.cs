using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Tests.Reference;

namespace Crescent.Tests.Models.Published;

/// <summary>Golden models of the shared data, their values under published names.</summary>
internal static class GoldenModels
{
    /// <summary>Qwen3-MoE.</summary>
    public static PublishedModel Qwen3Moe { get; } = Of("g-qwen3moe", "qwen3-moe", """
        {
          "architectures": ["Qwen3MoeForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 151643, "decoder_sparse_step": 1, "eos_token_id": 151645,
          "head_dim": 32, "hidden_act": "silu", "hidden_size": 128, "initializer_range": 0.02, "intermediate_size": 256, "max_position_embeddings": 40960,
          "max_window_layers": 3, "mlp_only_layers": [], "model_type": "qwen3_moe", "moe_intermediate_size": 64, "norm_topk_prob": true, "num_attention_heads": 8,
          "num_experts": 16, "num_experts_per_tok": 4, "num_hidden_layers": 3, "num_key_value_heads": 2, "output_router_logits": false, "rms_norm_eps": 1e-05,
          "rope_scaling": null, "rope_theta": 1000000.0, "router_aux_loss_coef": 0.001, "sliding_window": null, "tie_word_embeddings": false, "torch_dtype": "bfloat16",
          "transformers_version": "4.51.0", "use_cache": true, "use_sliding_window": false, "vocab_size": 512
        }
        """, Qwen3MoeShapes(), (metadata, read) => new LlamaReference(ReferenceGoldenTests.LlamaConfig(metadata), read).Logits) with { Shards = 2 };

    /// <summary>Values and reference of a golden model; the file is read when they are first asked for.</summary>
    public static PublishedModel Of(
        string golden, string name, string config, Dictionary<string, int[]> shapes, Func<GgufMetadata, TensorReader, Func<int[], double[][]>> reference)
    {
        var tensors = new Lazy<GgufTensors>(() => new GgufTensors(TestModels.PathOf(golden)));
        return new PublishedModel(name, config, shapes, tensor => tensors.Value.ReadHuggingFace(tensor), read => reference(tensors.Value.Metadata, read)) { Vocab = 512, Golden = golden };
    }

    private static Dictionary<string, int[]> Qwen3MoeShapes()
    {
        const int Hidden = 128;
        const int Width = 64;
        var shapes = new Dictionary<string, int[]> { ["model.embed_tokens.weight"] = [512, Hidden], ["model.norm.weight"] = [Hidden], ["lm_head.weight"] = [512, Hidden] };
        for (var layer = 0; layer < 3; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            shapes[prefix + "input_layernorm.weight"] = [Hidden];
            shapes[prefix + "post_attention_layernorm.weight"] = [Hidden];
            shapes[prefix + "self_attn.q_proj.weight"] = [256, Hidden];
            shapes[prefix + "self_attn.k_proj.weight"] = [64, Hidden];
            shapes[prefix + "self_attn.v_proj.weight"] = [64, Hidden];
            shapes[prefix + "self_attn.o_proj.weight"] = [Hidden, 256];
            shapes[prefix + "self_attn.q_norm.weight"] = [32];
            shapes[prefix + "self_attn.k_norm.weight"] = [32];
            shapes[prefix + "mlp.gate.weight"] = [16, Hidden];
            for (var expert = 0; expert < 16; expert++)
            {
                shapes[$"{prefix}mlp.experts.{expert}.gate_proj.weight"] = [Width, Hidden];
                shapes[$"{prefix}mlp.experts.{expert}.up_proj.weight"] = [Width, Hidden];
                shapes[$"{prefix}mlp.experts.{expert}.down_proj.weight"] = [Hidden, Width];
            }
        }

        return shapes;
    }
}
