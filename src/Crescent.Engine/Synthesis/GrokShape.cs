using System.Text.Json;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Synthesis.Published;
using Crescent.Kernels;

namespace Crescent.Engine.Synthesis;

/// <summary>grok: four norms a layer, every layer of experts, tied head, three multipliers and two soft caps.</summary>
internal sealed record GrokShape : SynthShape
{
    private const float SoftCap = 30;
    private static readonly double s_logitScale = 1 / Math.Sqrt(3);

    public required int KvHeads { get; init; }

    public required int HeadDim { get; init; }

    public required int Experts { get; init; }

    public required int TopK { get; init; }

    public override int ExpertsUsed => TopK;

    public required int ExpertWidth { get; init; }

    public override bool Tied => true;

    public override IReadOnlyList<DType> PublishedTypes => [DType.F32, DType.F16, DType.BF16];

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
            .Set("grok.attention.output_scale", (float)AttentionScale)
            .Set("grok.embedding_scale", (float)Math.Sqrt(Hidden))
            .Set("grok.logit_scale", (float)s_logitScale);
    }

    public override void WriteConfig(Utf8JsonWriter json, int layers)
    {
        json.WriteNumber("num_key_value_heads", KvHeads);
        json.WriteNumber("head_dim", HeadDim);
        json.WriteNumber("intermediate_size", ExpertWidth);
        json.WriteNumber("num_experts", Experts);
        json.WriteNumber("num_experts_per_tok", TopK);
        json.WriteNumber("attn_output_multiplier", AttentionScale);
        json.WriteNumber("max_attn_value", SoftCap);
        json.WriteNumber("embedding_multiplier_scale", Math.Sqrt(Hidden));
        json.WriteNumber("output_multiplier_scale", s_logitScale);
        json.WriteNumber("rope_theta", RopeBase);
    }

    // The names of the community's release for PyTorch, after those of the JAX code.
    protected override void AddPublished(PublishedTensors list, int layers)
    {
        list.Matrix("transformer.in_out_embed", "token_embd.weight");
        for (var layer = 0; layer < layers; layer++)
        {
            AddPublishedLayer(list, $"transformer.decoder_layer.{layer}", $"blk.{layer}", layer);
        }

        list.Vector("transformer.rms_norm.weight", "output_norm.weight");
    }

    protected override void AddPublishedLayer(PublishedTensors list, string name, string source, int layer)
    {
        list.Vector($"{name}.rms_norm.weight", $"{source}.attn_norm.weight");
        list.Linear($"{name}.multi_head_attention.query", $"{source}.attn_q.weight");
        list.Linear($"{name}.multi_head_attention.key", $"{source}.attn_k.weight");
        list.Linear($"{name}.multi_head_attention.value", $"{source}.attn_v.weight");
        list.Linear($"{name}.multi_head_attention.linear", $"{source}.attn_output.weight");
        list.Vector($"{name}.rms_norm_1.weight", $"{source}.attn_output_norm.weight");
        list.Vector($"{name}.rms_norm_2.weight", $"{source}.ffn_norm.weight");
        list.Matrix($"{name}.router", $"{source}.ffn_gate_inp.weight");
        list.Experts($"{name}.moe", source, "linear", "linear_v", "linear_1");
        list.Vector($"{name}.rms_norm_3.weight", $"{source}.layer_output_norm.weight");
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

    private double AttentionScale => 1 / Math.Sqrt(HeadDim);
}
