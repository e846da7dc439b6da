namespace Crescent.Engine.Checkpoints.HuggingFace;

/// <summary>DeepSeek-V2 and V3, Moonlight, Kimi K2: latent attention and mixtures with shared experts.</summary>
internal static class DeepSeekMap
{
    private const int SoftmaxGating = 1;
    private const int SigmoidGating = 2;

    public static void Map(HfModel model)
    {
        var config = model.Config;
        model.SetCommon();
        HfRope.MapDeepSeek(model);
        if (config.Flag("attention_bias", false))
        {
            throw config.Unsupported("attention_bias", "false", true);
        }

        MapAttentionSizes(model);
        model.Set("feed_forward_length", config.Integer("intermediate_size"));
        var dense = config.Integer("first_k_dense_replace", 0, 0, model.Layers);
        model.Set("leading_dense_block_count", dense);
        var experts = config.Integer("n_routed_experts", 1, HfModel.MostExperts);
        MapRouting(model, experts);
        RequireMixtures(config);
        model.MapEnds();
        for (var i = 0; i < model.Layers; i++)
        {
            var (name, source) = ($"blk.{i}", DeepSeekNames.Layer(i));
            model.Tensors.Plain($"{name}.attn_norm.weight", $"{source}.{DeepSeekNames.AttentionNorm}.weight");
            model.Tensors.Plain($"{name}.ffn_norm.weight", $"{source}.{DeepSeekNames.FeedForwardNorm}.weight");
            MapAttention(model, name, $"{source}.{DeepSeekNames.Attention}");
            if (i < dense)
            {
                model.MapFeedForward(name, "", $"{source}.{DeepSeekNames.FeedForward}");
            }
            else
            {
                MapMixture(model, name, $"{source}.{DeepSeekNames.FeedForward}", experts);
            }
        }
    }

    /// <summary>Refuses dense layers between the mixtures.</summary>
    public static void RequireMixtures(HfConfig config)
    {
        if (config.Integer("moe_layer_freq", 1, 1, 65536) is not 1 and var frequency)
        {
            throw config.Unsupported("moe_layer_freq", "1", frequency);
        }
    }

    /// <summary>Sizes of latent attention's parts; the caches' widths are not stated, as in older GGUF files.</summary>
    public static void MapAttentionSizes(HfModel model)
    {
        var config = model.Config;
        var (nope, rope) = (config.Integer("qk_nope_head_dim"), config.Integer("qk_rope_head_dim"));
        model.Set("attention.head_count_kv", model.Heads);
        model.Set("attention.key_length", nope + rope);
        model.Set("attention.value_length", config.Integer("v_head_dim"));
        model.Set("attention.kv_lora_rank", config.Integer("kv_lora_rank"));
        model.Set("rope.dimension_count", rope);
        if (config.Integer("q_lora_rank", 0, 0, 1 << 24) is > 0 and var rank)
        {
            model.Set("attention.q_lora_rank", rank);
        }
    }

    public static void MapAttention(HfModel model, string name, string source)
    {
        if (model.Tensors.ContainsMatrix($"{source}.{DeepSeekNames.QueryDown}"))
        {
            model.Tensors.Matrix($"{name}.attn_q_a.weight", $"{source}.{DeepSeekNames.QueryDown}");
            model.Tensors.Plain($"{name}.attn_q_a_norm.weight", $"{source}.{DeepSeekNames.QueryNorm}.weight");
            model.Tensors.Matrix($"{name}.attn_q_b.weight", $"{source}.{DeepSeekNames.QueryUp}");
        }
        else
        {
            model.Tensors.Matrix($"{name}.attn_q.weight", $"{source}.{DeepSeekNames.Query}");
        }

        model.Tensors.Matrix($"{name}.attn_kv_a_mqa.weight", $"{source}.{DeepSeekNames.LatentDown}");
        model.Tensors.Plain($"{name}.attn_kv_a_norm.weight", $"{source}.{DeepSeekNames.LatentNorm}.weight");
        model.Tensors.Matrix($"{name}.attn_kv_b.weight", $"{source}.{DeepSeekNames.LatentUp}");
        model.Tensors.Matrix($"{name}.attn_output.weight", $"{source}.{DeepSeekNames.Output}");
    }

    private static void MapRouting(HfModel model, int experts)
    {
        var config = model.Config;
        model.Set("expert_count", experts);
        model.Set("expert_used_count", config.Integer("num_experts_per_tok", 1, experts));
        model.Set("expert_shared_count", config.Integer("n_shared_experts", 0, 0, 1024));
        model.Set("expert_feed_forward_length", config.Integer("moe_intermediate_size"));
        model.Set("expert_weights_scale", config.Number("routed_scaling_factor", 1));
        model.Set("expert_weights_norm", config.Flag("norm_topk_prob", false));
        model.Set("expert_gating_func", Score(config));
        // A greedy choice knows no groups; said in any case, since a file that says nothing is taken for an old one.
        var groups = config.Text("topk_method") == "greedy" ? 1 : config.Integer("n_group", 1, 1, experts);
        model.Set("expert_group_count", groups);
        model.Set("expert_group_used_count", groups > 1 ? config.Integer("topk_group", 1, groups) : 1);
    }

    // Configurations of DeepSeek-V3 that transformers wrote leave the function out: its code has but one.
    private static int Score(HfConfig config) => Gating(config, "scoring_func", config.Text("model_type") == "deepseek_v2" ? "softmax" : "sigmoid");

    /// <summary>GGUF's number of a router's function.</summary>
    public static int Gating(HfConfig config, string key, string absent) => (config.Text(key) ?? absent) switch
    {
        "softmax" => SoftmaxGating,
        "sigmoid" => SigmoidGating,
        var other => throw config.Unsupported(key, "softmax or sigmoid", $"'{other}'"),
    };

    private static void MapMixture(HfModel model, string name, string source, int experts)
    {
        model.Tensors.Matrix($"{name}.ffn_gate_inp.weight", $"{source}.{DeepSeekNames.Router}");
        if (Score(model.Config) == SigmoidGating)
        {
            model.Tensors.Plain($"{name}.exp_probs_b.bias", $"{source}.{DeepSeekNames.RouterBias}");
        }

        model.MapExperts(name, experts, $"{source}.{DeepSeekNames.Experts}");
        if (model.Config.Integer("n_shared_experts", 0, 0, 1024) > 0)
        {
            model.MapFeedForward(name, "_shexp", $"{source}.{DeepSeekNames.SharedExperts}");
        }
    }
}
