namespace Crescent.Engine.Checkpoints.HuggingFace;

/// <summary>The plain decoders: Llama, Mistral, Qwen2, Qwen3, Qwen3-MoE.</summary>
internal static class LlamaMap
{
    public static void Llama(HfModel model) => Dense(model, tiedUnlessStated: false);

    public static void Qwen(HfModel model)
    {
        if (model.Config.Flag("use_sliding_window", false))
        {
            throw model.Config.Unsupported("use_sliding_window", "false", true);
        }

        Dense(model, tiedUnlessStated: false);
    }

    public static void Mistral(HfModel model)
    {
        Dense(model, tiedUnlessStated: false);
        if (model.Config.Integer("sliding_window", 0, 0, int.MaxValue) is > 0 and var window)
        {
            model.Set("attention.sliding_window", window);
        }
    }

    public static void Qwen3Moe(HfModel model)
    {
        var config = model.Config;
        if (config.Integer("decoder_sparse_step", 1, 1, 65536) != 1 || config.Integers("mlp_only_layers") is { Length: > 0 })
        {
            throw config.Unsupported("decoder_sparse_step", "1, and no 'mlp_only_layers'", config.Integer("decoder_sparse_step", 1, 1, 65536));
        }

        var experts = config.Integer("num_experts", 1, 65536);
        Common(model);
        model.Set("expert_count", experts);
        model.Set("expert_used_count", config.Integer("num_experts_per_tok", 1, experts));
        model.Set("expert_feed_forward_length", config.Integer("moe_intermediate_size"));
        model.Set("expert_weights_norm", config.Flag("norm_topk_prob", false));
        model.MapEnds(tiedUnlessStated: false);
        for (var i = 0; i < model.Layers; i++)
        {
            Layer(model, i);
            model.Tensors.Matrix($"blk.{i}.ffn_gate_inp.weight", $"model.layers.{i}.mlp.gate");
            model.MapExperts($"blk.{i}", experts, $"model.layers.{i}.mlp.experts");
        }
    }

    /// <summary>Keys of heads and rotation.</summary>
    public static void Common(HfModel model)
    {
        var config = model.Config;
        model.SetCommon();
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

    private static void Dense(HfModel model, bool tiedUnlessStated)
    {
        if (model.Config.Flag("mlp_bias", false))
        {
            throw model.Config.Unsupported("mlp_bias", "false", true);
        }

        Common(model);
        model.MapEnds(tiedUnlessStated);
        for (var i = 0; i < model.Layers; i++)
        {
            Layer(model, i);
            model.MapFeedForward($"blk.{i}", "", $"model.layers.{i}.mlp");
        }
    }

    private static void Layer(HfModel model, int layer)
    {
        var (name, source) = ($"blk.{layer}", $"model.layers.{layer}");
        model.Tensors.Plain($"{name}.attn_norm.weight", $"{source}.input_layernorm.weight");
        model.Tensors.Plain($"{name}.ffn_norm.weight", $"{source}.post_attention_layernorm.weight");
        model.MapAttention(name, $"{source}.self_attn");
    }
}
