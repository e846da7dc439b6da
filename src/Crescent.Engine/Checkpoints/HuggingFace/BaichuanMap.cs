namespace Crescent.Engine.Checkpoints.HuggingFace;

/// <summary>Baichuan and Baichuan 2: query, key and value in one matrix.</summary>
internal static class BaichuanMap
{
    // Baichuan 2's vocabulary; it is the only one whose head rows are normalised.
    private const int SecondVocabulary = 125696;

    public static void Map(HfModel model)
    {
        LlamaMap.Common(model);
        model.MapEnds();
        model.Set("normalize_head", model.Config.Integer("vocab_size") == SecondVocabulary);
        for (var i = 0; i < model.Layers; i++)
        {
            var (name, source) = ($"blk.{i}", $"model.layers.{i}");
            model.Tensors.Plain($"{name}.attn_norm.weight", $"{source}.input_layernorm.weight");
            model.Tensors.Plain($"{name}.ffn_norm.weight", $"{source}.post_attention_layernorm.weight");
            model.Tensors.Cut([$"{name}.attn_q.weight", $"{name}.attn_k.weight", $"{name}.attn_v.weight"], $"{source}.self_attn.W_pack", model.Hidden);
            model.Tensors.Matrix($"{name}.attn_output.weight", $"{source}.self_attn.o_proj");
            model.MapFeedForward(name, "", $"{source}.mlp");
        }
    }
}
