namespace Crescent.Tests.Models.Published;

/// <summary>Sizes of a model of DeepSeek's kind, which give the shapes of its published tensors.</summary>
/// <param name="QueryRank">0: queries are not compressed.</param>
/// <param name="Shared">Shared experts, published as one.</param>
internal sealed record LatentSizes(
    int Layers, int Dense, int Hidden, int Heads, int QueryRank, int LatentRank, int Nope, int Rope, int Value, int DenseWidth, int Width, int Experts, int Shared)
{
    public bool HasSelectionBias { get; init; } = true;

    public Dictionary<string, int[]> Shapes(int vocab)
    {
        var shapes = new Dictionary<string, int[]>
        {
            ["model.embed_tokens.weight"] = [vocab, Hidden],
            ["model.norm.weight"] = [Hidden],
            ["lm_head.weight"] = [vocab, Hidden],
        };
        for (var layer = 0; layer < Layers; layer++)
        {
            AddAttention(shapes, $"model.layers.{layer}.");
            AddFeedForward(shapes, $"model.layers.{layer}.mlp.", layer < Dense);
        }

        return shapes;
    }

    private void AddAttention(Dictionary<string, int[]> shapes, string prefix)
    {
        var queries = Heads * (Nope + Rope);
        shapes[prefix + "input_layernorm.weight"] = [Hidden];
        shapes[prefix + "post_attention_layernorm.weight"] = [Hidden];
        if (QueryRank > 0)
        {
            shapes[prefix + "self_attn.q_a_proj.weight"] = [QueryRank, Hidden];
            shapes[prefix + "self_attn.q_a_layernorm.weight"] = [QueryRank];
            shapes[prefix + "self_attn.q_b_proj.weight"] = [queries, QueryRank];
        }
        else
        {
            shapes[prefix + "self_attn.q_proj.weight"] = [queries, Hidden];
        }

        shapes[prefix + "self_attn.kv_a_proj_with_mqa.weight"] = [LatentRank + Rope, Hidden];
        shapes[prefix + "self_attn.kv_a_layernorm.weight"] = [LatentRank];
        shapes[prefix + "self_attn.kv_b_proj.weight"] = [Heads * (Nope + Value), LatentRank];
        shapes[prefix + "self_attn.o_proj.weight"] = [Hidden, Heads * Value];
    }

    private void AddFeedForward(Dictionary<string, int[]> shapes, string prefix, bool isDense)
    {
        if (isDense)
        {
            AddGated(shapes, prefix, DenseWidth);
            return;
        }

        shapes[prefix + "gate.weight"] = [Experts, Hidden];
        if (HasSelectionBias)
        {
            shapes[prefix + "gate.e_score_correction_bias"] = [Experts];
        }

        for (var expert = 0; expert < Experts; expert++)
        {
            AddGated(shapes, $"{prefix}experts.{expert}.", Width);
        }

        AddGated(shapes, prefix + "shared_experts.", Width * Shared);
    }

    private void AddGated(Dictionary<string, int[]> shapes, string prefix, int width)
    {
        shapes[prefix + "gate_proj.weight"] = [width, Hidden];
        shapes[prefix + "up_proj.weight"] = [width, Hidden];
        shapes[prefix + "down_proj.weight"] = [Hidden, width];
    }
}
