namespace Crescent.Engine.Checkpoints.HuggingFace;

/// <summary>gpt-oss: experts in MXFP4, gate and up in alternating rows, biases everywhere, sinks.</summary>
internal static class GptOssMap
{
    private const double SwiGluLimit = 7; // of the clamped activation, in every published model

    public static void Map(HfModel model)
    {
        var config = model.Config;
        LlamaMap.Common(model);
        if (config.Number("swiglu_limit", SwiGluLimit) is not SwiGluLimit and var limit)
        {
            throw config.Unsupported("swiglu_limit", $"{SwiGluLimit}", limit);
        }

        var experts = config.IntegerOf("num_local_experts", "num_experts", HfModel.MostExperts);
        model.Set("expert_count", experts);
        model.Set("expert_used_count", config.IntegerOf("num_experts_per_tok", "experts_per_token", experts));
        model.Set("expert_feed_forward_length", config.Integer("intermediate_size"));
        model.Set("attention.sliding_window", config.Integer("sliding_window", 128, 1, 1 << 24));
        RequireAlternatingLayers(config);
        model.MapEnds();
        for (var i = 0; i < model.Layers; i++)
        {
            var (name, source) = ($"blk.{i}", $"model.layers.{i}");
            var tensors = model.Tensors;
            tensors.Plain($"{name}.attn_norm.weight", $"{source}.input_layernorm.weight");
            tensors.Plain($"{name}.post_attention_norm.weight", $"{source}.post_attention_layernorm.weight");
            model.MapAttention(name, $"{source}.self_attn", hasInputBias: true, hasOutputBias: true);
            tensors.Plain($"{name}.attn_sinks.weight", $"{source}.self_attn.sinks");
            tensors.Linear($"{name}.ffn_gate_inp", $"{source}.mlp.router", hasBias: true);
            MapExperts(model, name, $"{source}.mlp.experts");
        }
    }

    private static void MapExperts(HfModel model, string name, string source)
    {
        var tensors = model.Tensors;
        tensors.Interleaved($"{name}.ffn_gate_exps.weight", $"{source}.gate_up_proj", firstRow: 0, rowStep: 2);
        tensors.Interleaved($"{name}.ffn_up_exps.weight", $"{source}.gate_up_proj", firstRow: 1, rowStep: 2);
        tensors.Interleaved($"{name}.ffn_down_exps.weight", $"{source}.down_proj", firstRow: 0, rowStep: 1);
        tensors.InterleavedVectors($"{name}.ffn_gate_exps.bias", $"{source}.gate_up_proj_bias", 0, 2, model.Hold);
        tensors.InterleavedVectors($"{name}.ffn_up_exps.bias", $"{source}.gate_up_proj_bias", 1, 2, model.Hold);
        tensors.Plain($"{name}.ffn_down_exps.bias", $"{source}.down_proj_bias");
    }

    // Layers 0, 2, … slide, the others see everything, in every published model.
    private static void RequireAlternatingLayers(HfConfig config)
    {
        if (config.Texts("layer_types") is { } types)
        {
            for (var i = 0; i < types.Length; i++)
            {
                var expected = i % 2 == 0 ? "sliding_attention" : "full_attention";
                if (types[i] != expected)
                {
                    throw config.Unsupported($"layer_types[{i}]", $"'{expected}'", $"'{types[i]}'");
                }
            }
        }
    }
}
