namespace Crescent.Engine.Checkpoints.HuggingFace;

/// <summary>Grok-1's community safetensors in their three spellings, and Grok-2 as xAI released it, tensor-parallel shards included.</summary>
internal static class GrokMap
{
    private const double Grok1Embedding = 78.38367176906169; // √6144
    private const double Grok1Output = 0.5773502691896257;

    public static void Map(HfModel model)
    {
        var config = model.Config;
        LlamaMap.Common(model, config.Text("hidden_act") ?? "gelu"); // both have the tanh approximation, whatever they call it
        var isSecond = config.Flag("residual_moe", false);
        var experts = config.IntegerOf("num_local_experts", "num_experts", HfModel.MostExperts);
        var headDim = config.Integer("head_dim", Math.Max(1, model.Hidden / model.Heads), 1, 1 << 16);
        model.Set("expert_count", experts);
        model.Set("expert_used_count", config.Integer("num_experts_per_tok", 1, experts));
        model.Set("expert_feed_forward_length", config.Integer("moe_intermediate_size", config.Integer("intermediate_size"), 1, 1 << 24));
        model.Set("embedding_scale", config.Number("embedding_multiplier_scale", Grok1Embedding));
        model.Set("logit_scale", config.Number("output_multiplier_scale", Grok1Output));
        model.Set("attention.output_scale", config.Number("attn_output_multiplier", 1 / Math.Sqrt(headDim)));
        model.Set("attn_logit_softcapping", config.Number("attn_logit_softcapping", config.Number("max_attn_value", 30)));
        model.Set("router_logit_softcapping", config.Number("router_logit_softcapping", 30));
        model.Set("final_logit_softcapping", config.Number("final_logit_softcapping", 0));
        if (isSecond)
        {
            MapSecond(model);
        }

        var spelling = Spelling(model);
        model.Tensors.Matrix("token_embd.weight", spelling.Embedding);
        model.Tensors.Plain("output_norm.weight", spelling.FinalNorm);
        // Grok-1 is tied, also where a conversion does not say so.
        if (!config.Flag("tie_word_embeddings", !isSecond) && (isSecond || model.Tensors.ContainsMatrix("lm_head")))
        {
            model.Tensors.Matrix("output.weight", "lm_head");
        }

        for (var i = 0; i < model.Layers; i++)
        {
            MapLayer(model, spelling, i, experts, isSecond);
        }
    }

    private static void MapSecond(HfModel model)
    {
        var config = model.Config;
        model.Set("as_released", true); // the router's cap, gates as they are, growing scores: not llama.cpp's reading of its own files
        model.Set("attention.temperature_length", config.Integer("attn_temperature_len", 0, 0, int.MaxValue));
        if (config.Integer("sliding_window_size", -1, int.MinValue, int.MaxValue) is > 0 and var window)
        {
            throw config.Unsupported("sliding_window_size", "-1, no window", window);
        }

        // SGLang rotates plainly under "original"; llama.cpp's converter takes it for YaRN. The release's own engine decides.
        if (config.Text("rope_type") is { } type && type is not ("original" or "default"))
        {
            throw config.Unsupported("rope_type", "'original'", $"'{type}'");
        }
    }

    private static void MapLayer(HfModel model, GrokSpelling spelling, int layer, int experts, bool isSecond)
    {
        var (name, source, tensors) = ($"blk.{layer}", $"{spelling.Layers}.{layer}", model.Tensors);
        tensors.Plain($"{name}.attn_norm.weight", $"{source}.{spelling.Norms[0]}");
        tensors.Plain($"{name}.attn_output_norm.weight", $"{source}.{spelling.Norms[1]}");
        tensors.Plain($"{name}.ffn_norm.weight", $"{source}.{spelling.Norms[2]}");
        tensors.Plain($"{name}.layer_output_norm.weight", $"{source}.{spelling.Norms[3]}");
        tensors.Matrix($"{name}.attn_q.weight", $"{source}.{spelling.Attention[0]}");
        tensors.Matrix($"{name}.attn_k.weight", $"{source}.{spelling.Attention[1]}");
        tensors.Matrix($"{name}.attn_v.weight", $"{source}.{spelling.Attention[2]}");
        tensors.Matrix($"{name}.attn_output.weight", $"{source}.{spelling.Attention[3]}");
        tensors.Matrix($"{name}.ffn_gate_inp.weight", $"{source}.{spelling.Router}");
        model.MapExperts(name, experts, $"{source}.{spelling.Experts}", spelling.Projections[0], spelling.Projections[1], spelling.Projections[2], PartAxis.Columns);
        if (isSecond)
        {
            model.MapFeedForward(name, "", $"{source}.mlp");
        }
    }

    private static GrokSpelling Spelling(HfModel model) =>
        GrokSpelling.All.FirstOrDefault(spelling => model.Tensors.ContainsMatrix(spelling.Embedding) && model.Tensors.Contains($"{spelling.Layers}.0.{spelling.Norms[0]}"))
        ?? throw new CheckpointException(
            $"{model.Config.Path}: expected a norm of layer 0 named {string.Join(" or ", GrokSpelling.All.Select(spelling => $"'{spelling.Layers}.0.{spelling.Norms[0]}'"))}, found none");

    /// <param name="Norms">Before and after attention, before and after the mixture.</param>
    /// <param name="Attention">Query, key, value, output.</param>
    /// <param name="Projections">Gate, up, down of an expert.</param>
    private sealed record GrokSpelling(
        string Embedding, string FinalNorm, string Layers, string[] Norms, string[] Attention, string Router, string Experts, string[] Projections)
    {
        public static readonly GrokSpelling[] All =
        [
            new(
                "model.embed_tokens",
                "model.norm.weight",
                "model.layers",
                ["pre_attn_norm.weight", "post_attn_norm.weight", "pre_moe_norm.weight", "post_moe_norm.weight"],
                ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"],
                "block_sparse_moe.gate",
                "block_sparse_moe.experts",
                ["w1", "w3", "w2"]),
            new(
                "model.embed_tokens",
                "model.norm.scale",
                "model.layers",
                ["pre_attn_norm.scale", "post_attn_norm.scale", "pre_moe_norm.scale", "post_moe_norm.scale"],
                ["attn.q_proj", "attn.k_proj", "attn.v_proj", "attn.o_proj"],
                "moe_block.gate",
                "moe_block.experts",
                ["linear", "linear_v", "linear_1"]),
            new(
                "transformer.in_out_embed",
                "transformer.rms_norm.weight",
                "transformer.decoder_layer",
                ["rms_norm.weight", "rms_norm_1.weight", "rms_norm_2.weight", "rms_norm_3.weight"],
                ["multi_head_attention.query", "multi_head_attention.key", "multi_head_attention.value", "multi_head_attention.linear"],
                "router",
                "moe",
                ["linear", "linear_v", "linear_1"]),
        ];
    }
}
