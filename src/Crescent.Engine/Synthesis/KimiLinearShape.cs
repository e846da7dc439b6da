using Crescent.Engine.Checkpoints.Gguf;

namespace Crescent.Engine.Synthesis;

/// <summary>kimi-linear: delta attention, every fourth layer and the last one latent attention without rotation, experts after the leading dense layers.</summary>
internal sealed record KimiLinearShape : SynthShape
{
    private const int SigmoidGating = 2;
    private const int Taps = 4;

    public required int DenseLayers { get; init; }

    public required int KvRank { get; init; }

    /// <summary>Width of a head of delta attention.</summary>
    public required int HeadDim { get; init; }

    public required int DenseWidth { get; init; }

    public required int Experts { get; init; }

    public required int TopK { get; init; }

    public required int SharedExperts { get; init; }

    public required int ExpertWidth { get; init; }

    public required float ExpertScale { get; init; }

    public override void WriteMetadata(GgufWriter writer, int layers, int vocab)
    {
        base.WriteMetadata(writer, layers, vocab);
        writer
            .Set("kimi-linear.feed_forward_length", (uint)DenseWidth)
            .Set("kimi-linear.attention.head_count_kv", [.. Enumerable.Range(0, layers).Select(layer => IsLatent(layer) ? 1 : 0)])
            .Set("kimi-linear.leading_dense_block_count", (uint)Math.Min(DenseLayers, layers))
            .Set("kimi-linear.attention.kv_lora_rank", (uint)KvRank)
            .Set("kimi-linear.attention.key_length", (uint)(KvRank + MlaTensors.Rope))
            .Set("kimi-linear.attention.value_length", (uint)KvRank)
            .Set("kimi-linear.attention.key_length_mla", (uint)(MlaTensors.Nope + MlaTensors.Rope))
            .Set("kimi-linear.attention.value_length_mla", (uint)MlaTensors.Value)
            .Set("kimi-linear.rope.dimension_count", (uint)MlaTensors.Rope)
            .Set("kimi-linear.kda.head_dim", (uint)HeadDim)
            .Set("kimi-linear.ssm.conv_kernel", (uint)Taps)
            .Set("kimi-linear.expert_count", (uint)Experts)
            .Set("kimi-linear.expert_used_count", (uint)TopK)
            .Set("kimi-linear.expert_shared_count", (uint)SharedExperts)
            .Set("kimi-linear.expert_feed_forward_length", (uint)ExpertWidth)
            .Set("kimi-linear.expert_weights_scale", ExpertScale)
            .Set("kimi-linear.expert_gating_func", (uint)SigmoidGating);
    }

    protected override void AddLayer(SynthTensorList list, int layer)
    {
        list.Norm("attn_norm.weight", Hidden);
        if (IsLatent(layer))
        {
            MlaTensors.Add(list, Hidden, Heads, queryRank: 0, KvRank);
        }
        else
        {
            AddDeltaAttention(list);
        }

        list.Norm("ffn_norm.weight", Hidden);
        if (layer < DenseLayers)
        {
            list.Ffn("", Hidden, DenseWidth);
            return;
        }

        list.Router("ffn_gate_inp.weight", Experts, Hidden);
        list.Bias("exp_probs_b.bias", Experts);
        list.Experts(Experts, Hidden, ExpertWidth);
        list.Ffn("_shexp", Hidden, SharedExperts * ExpertWidth);
    }

    private void AddDeltaAttention(SynthTensorList list)
    {
        var width = Heads * HeadDim;
        foreach (var name in (string[])["q", "k", "v"])
        {
            list.Matrix($"attn_{name}.weight", width, Hidden);
            list.Filters($"ssm_conv1d_{name}.weight", width, Taps);
        }

        list.Matrix("ssm_f_a.weight", HeadDim, Hidden);
        list.Matrix("ssm_f_b.weight", width, HeadDim);
        list.Rate("ssm_a", Heads);
        list.Bias("ssm_dt.bias", width);
        list.Matrix("ssm_beta.weight", Heads, Hidden);
        list.Matrix("ssm_g_a.weight", HeadDim, Hidden);
        list.Matrix("ssm_g_b.weight", width, HeadDim);
        list.Norm("ssm_norm.weight", HeadDim);
        list.Matrix("attn_output.weight", Hidden, width);
    }

    // Counted from 1: 4, 8, 12 … and the last.
    private bool IsLatent(int layer) => (layer + 1) % 4 == 0 || layer + 1 == Layers;
}
