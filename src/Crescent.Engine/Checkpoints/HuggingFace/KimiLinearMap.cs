namespace Crescent.Engine.Checkpoints.HuggingFace;

/// <summary>Kimi-Linear: layers of delta attention (KDA) with latent attention between them, a mixture of experts from the second layer on.</summary>
internal static class KimiLinearMap
{
    public static void Map(HfModel model)
    {
        var config = model.Config;
        var linear = config.Object("linear_attn_config") ?? throw config.Unsupported("linear_attn_config", "an object", null);
        var isLatent = LatentLayers(model, linear);
        model.SetCommon();
        DeepSeekMap.RequireMixtures(config);
        model.Set("attention.head_count_kv", isLatent.Select(latent => latent ? 1 : 0).ToArray());
        MapSizes(model, linear);
        var dense = config.Integer("first_k_dense_replace", 0, 0, model.Layers);
        var experts = config.Integer("num_experts", 1, HfModel.MostExperts);
        MapRouting(model, experts, dense);

        model.MapEnds();
        for (var i = 0; i < model.Layers; i++)
        {
            var (name, source, tensors) = ($"blk.{i}", $"model.layers.{i}", model.Tensors);
            tensors.Plain($"{name}.attn_norm.weight", $"{source}.input_layernorm.weight");
            tensors.Plain($"{name}.ffn_norm.weight", $"{source}.post_attention_layernorm.weight");
            if (isLatent[i])
            {
                DeepSeekMap.MapAttention(model, name, $"{source}.self_attn");
            }
            else
            {
                MapDelta(model, name, $"{source}.self_attn");
            }

            if (i < dense)
            {
                model.MapFeedForward(name, "", $"{source}.mlp");
            }
            else
            {
                MapMixture(model, name, $"{source}.block_sparse_moe", experts);
            }
        }
    }

    // The configuration counts layers from 1.
    private static bool[] LatentLayers(HfModel model, HfConfig linear)
    {
        var latent = (linear.Integers("full_attn_layers", 1, 65536) ?? []).ToHashSet();
        var delta = linear.Integers("kda_layers", 1, 65536)?.ToHashSet();
        var isLatent = Enumerable.Range(1, model.Layers).Select(layer => latent.Contains(layer)).ToArray();
        if (delta is not null && Enumerable.Range(1, model.Layers).FirstOrDefault(layer => delta.Contains(layer) == isLatent[layer - 1]) is > 0 and var wrong)
        {
            throw linear.Unsupported("kda_layers", "each layer either there or in 'full_attn_layers'", $"layer {wrong} in both or neither");
        }

        return isLatent;
    }

    private static void MapSizes(HfModel model, HfConfig linear)
    {
        var config = model.Config;
        if (!config.Flag("mla_use_nope", true))
        {
            throw config.Unsupported("mla_use_nope", "true", false);
        }

        if (linear.Integer("num_heads") != model.Heads)
        {
            throw linear.Unsupported("num_heads", $"{model.Heads}, as 'num_attention_heads'", linear.Integer("num_heads"));
        }

        model.Set("kda.head_dim", linear.Integer("head_dim", 1, 1 << 12));
        model.Set("ssm.conv_kernel", linear.Integer("short_conv_kernel_size", 4, 2, 64));
        model.Set("attention.key_length", config.Integer("qk_nope_head_dim") + config.Integer("qk_rope_head_dim"));
        model.Set("attention.value_length", config.Integer("v_head_dim"));
        model.Set("attention.kv_lora_rank", config.Integer("kv_lora_rank"));
        model.Set("rope.dimension_count", config.Integer("qk_rope_head_dim"));
        model.Set("feed_forward_length", config.Integer("intermediate_size"));
    }

    private static void MapRouting(HfModel model, int experts, int dense)
    {
        var config = model.Config;
        model.Set("leading_dense_block_count", dense);
        model.Set("expert_count", experts);
        model.Set("expert_used_count", config.IntegerOf("num_experts_per_token", "num_experts_per_tok", experts));
        model.Set("expert_shared_count", config.Integer("num_shared_experts", 0, 0, 1024));
        model.Set("expert_feed_forward_length", config.Integer("moe_intermediate_size"));
        model.Set("expert_weights_scale", config.Number("routed_scaling_factor", 1));
        model.Set("expert_weights_norm", config.Flag("moe_renormalize", true));
        model.Set("expert_gating_func", DeepSeekMap.Gating(config, "moe_router_activation_func", "sigmoid"));
        if (config.Integer("num_expert_group", 1, 1, 65536) is > 1 and var groups)
        {
            model.Set("expert_group_count", groups);
            model.Set("expert_group_used_count", config.Integer("topk_group", 1, 65536));
        }
    }

    private static void MapDelta(HfModel model, string name, string source)
    {
        var tensors = model.Tensors;
        tensors.Matrix($"{name}.attn_q.weight", $"{source}.q_proj");
        tensors.Matrix($"{name}.attn_k.weight", $"{source}.k_proj");
        tensors.Matrix($"{name}.attn_v.weight", $"{source}.v_proj");
        tensors.Matrix($"{name}.attn_output.weight", $"{source}.o_proj");
        // [channels, 1, taps], as GGUF's ne (taps, 1, channels).
        tensors.Plain($"{name}.ssm_conv1d_q.weight", $"{source}.q_conv1d.weight");
        tensors.Plain($"{name}.ssm_conv1d_k.weight", $"{source}.k_conv1d.weight");
        tensors.Plain($"{name}.ssm_conv1d_v.weight", $"{source}.v_conv1d.weight");
        tensors.Computed($"{name}.ssm_a", $"{source}.A_log", value => (float)-Math.Exp(value), model.Hold);
        tensors.Plain($"{name}.ssm_dt.bias", $"{source}.dt_bias");
        tensors.Matrix($"{name}.ssm_beta.weight", $"{source}.b_proj");
        tensors.Matrix($"{name}.ssm_f_a.weight", $"{source}.f_a_proj");
        tensors.Matrix($"{name}.ssm_f_b.weight", $"{source}.f_b_proj");
        tensors.Matrix($"{name}.ssm_g_a.weight", $"{source}.g_a_proj");
        tensors.Matrix($"{name}.ssm_g_b.weight", $"{source}.g_b_proj");
        tensors.Plain($"{name}.ssm_norm.weight", $"{source}.o_norm.weight");
    }

    private static void MapMixture(HfModel model, string name, string source, int experts)
    {
        model.Tensors.Matrix($"{name}.ffn_gate_inp.weight", $"{source}.gate");
        model.Tensors.Plain($"{name}.exp_probs_b.bias", $"{source}.gate.e_score_correction_bias");
        model.MapExperts(name, experts, $"{source}.experts", "w1", "w3", "w2");
        if (model.Config.Integer("num_shared_experts", 0, 0, 1024) > 0)
        {
            model.MapFeedForward(name, "_shexp", $"{source}.shared_experts");
        }
    }
}
