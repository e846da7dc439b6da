using Crescent.Engine.Checkpoints;
using Crescent.Kernels;
using Crescent.Tests.Models;

namespace Crescent.Tests.Conversion;

/// <summary>The golden models of latent attention as the hub would have them: GGUF's tensors under their published names, the up-projection in one.</summary>
internal static class PublishedGolden
{
    private static readonly (string Gguf, string Published)[] s_parts =
    [
        ("attn_norm.weight", "input_layernorm.weight"), ("ffn_norm.weight", "post_attention_layernorm.weight"),
        ("attn_q.weight", "self_attn.q_proj.weight"), ("attn_q_a.weight", "self_attn.q_a_proj.weight"), ("attn_q_a_norm.weight", "self_attn.q_a_layernorm.weight"),
        ("attn_q_b.weight", "self_attn.q_b_proj.weight"), ("attn_kv_a_mqa.weight", "self_attn.kv_a_proj_with_mqa.weight"), ("attn_kv_a_norm.weight", "self_attn.kv_a_layernorm.weight"),
        ("attn_output.weight", "self_attn.o_proj.weight"), ("ffn_gate.weight", "mlp.gate_proj.weight"), ("ffn_up.weight", "mlp.up_proj.weight"), ("ffn_down.weight", "mlp.down_proj.weight"),
        ("ffn_gate_inp.weight", "mlp.gate.weight"), ("exp_probs_b.bias", "mlp.gate.e_score_correction_bias"), ("ffn_gate_shexp.weight", "mlp.shared_experts.gate_proj.weight"),
        ("ffn_up_shexp.weight", "mlp.shared_experts.up_proj.weight"), ("ffn_down_shexp.weight", "mlp.shared_experts.down_proj.weight"),
    ];

    /// <param name="name">A golden model of <c>deepseek2</c>.</param>
    /// <param name="addExpert">Adds a matrix of an expert, by its name without a suffix, in some published form; null: F32.</param>
    public static PublishedFolder Write(string name, Action<PublishedFolder, string, int, int, float[]>? addExpert = null)
    {
        using var golden = Checkpoint.Open(TestModels.PathOf(name));
        var folder = new PublishedFolder();
        Add("token_embd.weight", "model.embed_tokens.weight");
        Add("output_norm.weight", "model.norm.weight");
        Add("output.weight", "lm_head.weight");
        for (var layer = 0; golden.Tensors.ContainsKey($"blk.{layer}.attn_norm.weight"); layer++)
        {
            foreach (var (gguf, published) in s_parts)
            {
                Add($"blk.{layer}.{gguf}", $"model.layers.{layer}.{published}");
            }

            AddKeyValueUp(folder, golden, layer);
            foreach (var projection in (string[])["gate", "up", "down"])
            {
                AddExperts(folder, golden, layer, projection, addExpert ?? ((to, matrix, rows, columns, values) => to.Add($"{matrix}.weight", [rows, columns], values)));
            }
        }

        return folder.Write(Config(golden));

        void Add(string gguf, string published)
        {
            if (golden.Tensors.TryGetValue(gguf, out var tensor))
            {
                folder.Add(published, tensor.Shape, Conversions.Decode(golden, gguf));
            }
        }
    }

    private static void AddExperts(PublishedFolder folder, Checkpoint golden, int layer, string projection, Action<PublishedFolder, string, int, int, float[]> add)
    {
        if (golden.Tensors.TryGetValue($"blk.{layer}.ffn_{projection}_exps.weight", out var stack))
        {
            var (rows, columns) = ((int)stack.Shape[1], (int)stack.Shape[2]);
            foreach (var (values, expert) in Conversions.Decode(golden, stack.Name).Chunk(rows * columns).Select((values, expert) => (values, expert)))
            {
                add(folder, $"model.layers.{layer}.mlp.experts.{expert}.{projection}_proj", rows, columns, values);
            }
        }
    }

    // Head after head: the keys' rows, transposed back, then the values'.
    private static void AddKeyValueUp(PublishedFolder folder, Checkpoint golden, int layer)
    {
        var (keys, values) = (golden.Tensors[$"blk.{layer}.attn_k_b.weight"], golden.Tensors[$"blk.{layer}.attn_v_b.weight"]);
        var (heads, latent, nope, value) = (keys.Shape[0], (int)keys.Shape[1], (int)keys.Shape[2], (int)values.Shape[1]);
        var valueHeads = Conversions.Decode(golden, values.Name).Chunk(value * latent);
        float[] joined = [.. Conversions.Decode(golden, keys.Name).Chunk(latent * nope).Zip(valueHeads, (key, rows) => Transpose(key, latent, nope).Concat(rows)).SelectMany(head => head)];
        folder.Add($"model.layers.{layer}.self_attn.kv_b_proj.weight", [heads * (nope + value), latent], joined);
    }

    private static float[] Transpose(float[] matrix, int rows, int columns) =>
        [.. Enumerable.Range(0, rows * columns).Select(i => matrix[(i % rows * columns) + (i / rows)])];

    private static string Config(Checkpoint golden)
    {
        var metadata = golden.Metadata;
        string Text(string key) => metadata.Describe().First(pair => pair.Key == $"deepseek2.{key}").Value;
        string Optional(string key, string absent) => metadata.Contains($"deepseek2.{key}") ? Text(key) : absent;
        var rope = int.Parse(Text("rope.dimension_count"));
        var scaling = Optional("rope.scaling.type", "") != "\"yarn\"" ? "null" :
            $$"""
            { "rope_type": "yarn", "factor": {{Text("rope.scaling.factor")}}, "original_max_position_embeddings": {{Text("rope.scaling.original_context_length")}},
              "beta_fast": {{Optional("rope.scaling.yarn_beta_fast", "32")}}, "beta_slow": {{Optional("rope.scaling.yarn_beta_slow", "1")}}, "mscale": 1.0, "mscale_all_dim": 1.0 }
            """;
        return $$"""
            { "model_type": "deepseek_v3", "num_hidden_layers": {{Text("block_count")}}, "hidden_size": {{Text("embedding_length")}}, "intermediate_size": {{Text("feed_forward_length")}},
              "moe_intermediate_size": {{Text("expert_feed_forward_length")}}, "num_attention_heads": {{Text("attention.head_count")}}, "rms_norm_eps": {{Text("attention.layer_norm_rms_epsilon")}},
              "vocab_size": 512, "max_position_embeddings": {{Text("context_length")}}, "rope_theta": {{Text("rope.freq_base")}}, "rope_scaling": {{scaling}},
              "q_lora_rank": {{Optional("attention.q_lora_rank", "null")}}, "kv_lora_rank": {{Text("attention.kv_lora_rank")}}, "qk_rope_head_dim": {{rope}},
              "qk_nope_head_dim": {{int.Parse(Text("attention.key_length_mla")) - rope}}, "v_head_dim": {{Text("attention.value_length_mla")}},
              "first_k_dense_replace": {{Optional("leading_dense_block_count", "0")}}, "n_routed_experts": {{Text("expert_count")}}, "num_experts_per_tok": {{Text("expert_used_count")}},
              "n_shared_experts": {{Text("expert_shared_count")}}, "routed_scaling_factor": {{Optional("expert_weights_scale", "1.0")}}, "norm_topk_prob": {{Optional("expert_weights_norm", "false")}},
              "scoring_func": "{{(Optional("expert_gating_func", "1") == "2" ? "sigmoid" : "softmax")}}", "n_group": {{Optional("expert_group_count", "1")}}, "topk_group": {{Optional("expert_group_used_count", "1")}} }
            """;
    }
}
