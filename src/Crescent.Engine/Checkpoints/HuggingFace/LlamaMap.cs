namespace Crescent.Engine.Checkpoints.HuggingFace;

/// <summary>The plain decoders: Llama, Mistral, Qwen2, Qwen3, Qwen3-MoE.</summary>
internal static class LlamaMap
{
    public static void Llama(HfModel model) => Dense(model, HasBias(model));

    /// <summary>Biases on queries, keys and values, which no key tells.</summary>
    public static void Qwen2(HfModel model)
    {
        RefuseWindow(model.Config);
        Dense(model, hasInputBias: true, hasOutputBias: false);
    }

    public static void Qwen3(HfModel model)
    {
        RefuseWindow(model.Config);
        Dense(model, HasBias(model));
    }

    public static void Mistral(HfModel model)
    {
        Dense(model, hasBias: false);
        if (model.Config.Integer("sliding_window", 0, 0, int.MaxValue) is > 0 and var window)
        {
            model.Set("attention.sliding_window", window);
        }
    }

    public static void Qwen3Moe(HfModel model)
    {
        var config = model.Config;
        RefuseWindow(config);
        if (config.Integer("decoder_sparse_step", 1, 1, 65536) != 1 || config.Integers("mlp_only_layers") is { Length: > 0 })
        {
            throw config.Unsupported("decoder_sparse_step", "1, and no 'mlp_only_layers'", config.Integer("decoder_sparse_step", 1, 1, 65536));
        }

        var experts = config.Integer("num_experts", 1, HfModel.MostExperts);
        Common(model);
        model.Set("expert_count", experts);
        model.Set("expert_used_count", config.Integer("num_experts_per_tok", 1, experts));
        model.Set("expert_feed_forward_length", config.Integer("moe_intermediate_size"));
        model.Set("expert_weights_norm", config.Flag("norm_topk_prob", false));
        model.MapEnds();
        for (var i = 0; i < model.Layers; i++)
        {
            Layer(model, i, HasBias(model), HasBias(model));
            model.Tensors.Matrix($"blk.{i}.ffn_gate_inp.weight", $"model.layers.{i}.mlp.gate");
            model.MapExperts($"blk.{i}", experts, $"model.layers.{i}.mlp.experts");
        }
    }

    /// <summary>Keys of heads and rotation.</summary>
    public static void Common(HfModel model, string activation = "silu")
    {
        var config = model.Config;
        model.SetCommon(activation);
        HfRope.Map(model);
        model.Set("attention.head_count_kv", config.Integer("num_key_value_heads", model.Heads, 1, model.Heads));
        var headDim = config.Integer("head_dim", Math.Max(1, model.Hidden / model.Heads), 1, 1 << 16);
        model.Set("attention.key_length", headDim);
        model.Set("attention.value_length", headDim);
        model.Set("rope.dimension_count", headDim);
        if (config.Contains("intermediate_size"))
        {
            model.Set("feed_forward_length", config.Integer("intermediate_size"));
        }
    }

    private static bool HasBias(HfModel model) => model.Config.Flag("attention_bias", false);

    private static void RefuseWindow(HfConfig config)
    {
        if (config.Flag("use_sliding_window", false))
        {
            throw config.Unsupported("use_sliding_window", "false", true);
        }
    }

    private static void Dense(HfModel model, bool hasBias) => Dense(model, hasBias, hasBias);

    private static void Dense(HfModel model, bool hasInputBias, bool hasOutputBias)
    {
        if (model.Config.Flag("mlp_bias", false))
        {
            throw model.Config.Unsupported("mlp_bias", "false", true);
        }

        Common(model);
        model.MapEnds();
        for (var i = 0; i < model.Layers; i++)
        {
            Layer(model, i, hasInputBias, hasOutputBias);
            model.MapFeedForward($"blk.{i}", "", $"model.layers.{i}.mlp");
        }
    }

    private static void Layer(HfModel model, int layer, bool hasInputBias, bool hasOutputBias)
    {
        var (name, source) = ($"blk.{layer}", $"model.layers.{layer}");
        model.Tensors.Plain($"{name}.attn_norm.weight", $"{source}.input_layernorm.weight");
        model.Tensors.Plain($"{name}.ffn_norm.weight", $"{source}.post_attention_layernorm.weight");
        model.MapAttention(name, $"{source}.self_attn", hasInputBias, hasOutputBias);
    }
}
