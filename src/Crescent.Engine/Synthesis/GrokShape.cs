using Crescent.Engine.Checkpoints.Gguf;

namespace Crescent.Engine.Synthesis;

/// <summary>grok: four norms a layer, every layer of experts, tied head, three multipliers and two soft caps.</summary>
internal sealed record GrokShape : SynthShape
{
    private const float SoftCap = 30;

    public required int KvHeads { get; init; }

    public required int HeadDim { get; init; }

    public required int Experts { get; init; }

    public required int TopK { get; init; }

    public required int ExpertWidth { get; init; }

    protected override bool Tied => true;

    public override void WriteMetadata(GgufWriter writer, int layers, int vocab)
    {
        base.WriteMetadata(writer, layers, vocab);
        writer
            .Set("grok.feed_forward_length", (uint)ExpertWidth)
            .Set("grok.expert_feed_forward_length", (uint)ExpertWidth)
            .Set("grok.attention.head_count_kv", (uint)KvHeads)
            .Set("grok.attention.key_length", (uint)HeadDim)
            .Set("grok.attention.value_length", (uint)HeadDim)
            .Set("grok.rope.dimension_count", (uint)HeadDim)
            .Set("grok.expert_count", (uint)Experts)
            .Set("grok.expert_used_count", (uint)TopK)
            .Set("grok.attn_logit_softcapping", SoftCap)
            .Set("grok.router_logit_softcapping", SoftCap)
            .Set("grok.attention.output_scale", (float)(1 / Math.Sqrt(HeadDim)))
            .Set("grok.embedding_scale", (float)Math.Sqrt(Hidden))
            .Set("grok.logit_scale", (float)(1 / Math.Sqrt(3)));
    }

    protected override void AddLayer(SynthTensorList list, int layer)
    {
        list.Norm("attn_norm.weight", Hidden);
        list.Matrix("attn_q.weight", Heads * HeadDim, Hidden);
        list.Matrix("attn_k.weight", KvHeads * HeadDim, Hidden);
        list.Matrix("attn_v.weight", KvHeads * HeadDim, Hidden);
        list.Matrix("attn_output.weight", Hidden, Heads * HeadDim);
        list.Norm("attn_output_norm.weight", Hidden);
        list.Norm("ffn_norm.weight", Hidden);
        list.Router("ffn_gate_inp.weight", Experts, Hidden);
        list.Experts(Experts, Hidden, ExpertWidth);
        list.Norm("layer_output_norm.weight", Hidden);
    }
}
