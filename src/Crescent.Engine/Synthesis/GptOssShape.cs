using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Kernels;

namespace Crescent.Engine.Synthesis;

/// <summary>
/// gpt-oss: every layer of experts, a window on even layers, sinks, biases everywhere, YaRN. Its experts take only values that MXFP4 holds, in
/// whatever type they are written.
/// </summary>
internal sealed record GptOssShape : SynthShape
{
    private const float YarnFactor = 32;
    private const uint OriginalContext = 4096;

    public required int KvHeads { get; init; }

    public required int HeadDim { get; init; }

    public required int Window { get; init; }

    public required int Experts { get; init; }

    public required int TopK { get; init; }

    public required int ExpertWidth { get; init; }

    public override IReadOnlyList<DType> Formats => [.. SynthEncoder.Formats, DType.MXFP4];

    public override void WriteMetadata(GgufWriter writer, int layers, int vocab)
    {
        base.WriteMetadata(writer, layers, vocab);
        writer
            .Set("gpt-oss.feed_forward_length", (uint)ExpertWidth)
            .Set("gpt-oss.attention.head_count_kv", (uint)KvHeads)
            .Set("gpt-oss.attention.key_length", (uint)HeadDim)
            .Set("gpt-oss.attention.value_length", (uint)HeadDim)
            .Set("gpt-oss.attention.sliding_window", (uint)Window)
            .Set("gpt-oss.expert_count", (uint)Experts)
            .Set("gpt-oss.expert_used_count", (uint)TopK)
            .Set("gpt-oss.expert_feed_forward_length", (uint)ExpertWidth)
            .Set("gpt-oss.rope.scaling.type", "yarn")
            .Set("gpt-oss.rope.scaling.factor", YarnFactor)
            .Set("gpt-oss.rope.scaling.original_context_length", OriginalContext);
    }

    protected override void AddLayer(SynthTensorList list, int layer)
    {
        list.Norm("attn_norm.weight", Hidden);
        Linear(list, "attn_q", Heads * HeadDim, Hidden);
        Linear(list, "attn_k", KvHeads * HeadDim, Hidden);
        Linear(list, "attn_v", KvHeads * HeadDim, Hidden);
        Linear(list, "attn_output", Hidden, Heads * HeadDim);
        list.Sinks("attn_sinks.weight", Heads);
        list.Norm("post_attention_norm.weight", Hidden);
        list.Router("ffn_gate_inp.weight", Experts, Hidden);
        list.Bias("ffn_gate_inp.bias", Experts);
        foreach (var (name, rows, columns) in new[] { ("ffn_gate_exps", ExpertWidth, Hidden), ("ffn_up_exps", ExpertWidth, Hidden), ("ffn_down_exps", Hidden, ExpertWidth) })
        {
            list.FourBitMatrix($"{name}.weight", Experts, rows, columns);
            list.Bias($"{name}.bias", Experts, rows);
        }
    }

    private static void Linear(SynthTensorList list, string name, long outputs, long inputs)
    {
        list.Matrix($"{name}.weight", outputs, inputs);
        list.Bias($"{name}.bias", outputs);
    }
}
