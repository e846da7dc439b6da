using Crescent.Engine.Checkpoints.Gguf;

namespace Crescent.Engine.Synthesis;

/// <summary>llama (dense, tied, Llama-3's rope divisors) and qwen3moe (experts, q and k norms).</summary>
internal sealed record GqaShape : SynthShape
{
    public required int KvHeads { get; init; }

    public required int HeadDim { get; init; }

    /// <summary>Width of the dense layer; in a model of experts only a number in the metadata.</summary>
    public required int DenseWidth { get; init; }

    public (int Count, int TopK, int Width)? Experts { get; init; }

    /// <summary>Llama-3's rope scaling, stored as a tensor of divisors.</summary>
    public float RopeFactor { get; init; } = 1;

    protected override bool Tied => Experts is null;

    public override void WriteMetadata(GgufWriter writer, int layers, int vocab)
    {
        base.WriteMetadata(writer, layers, vocab);
        writer
            .Set($"{Architecture}.feed_forward_length", (uint)DenseWidth)
            .Set($"{Architecture}.attention.head_count_kv", (uint)KvHeads)
            .Set($"{Architecture}.attention.key_length", (uint)HeadDim)
            .Set($"{Architecture}.attention.value_length", (uint)HeadDim)
            .Set($"{Architecture}.rope.dimension_count", (uint)HeadDim);
        if (Experts is { } experts)
        {
            writer
                .Set($"{Architecture}.expert_count", (uint)experts.Count)
                .Set($"{Architecture}.expert_used_count", (uint)experts.TopK)
                .Set($"{Architecture}.expert_feed_forward_length", (uint)experts.Width);
        }
    }

    protected override void AddGlobals(SynthTensorList list)
    {
        if (RopeFactor != 1)
        {
            list.Given("rope_freqs.weight", RopeDivisors());
        }
    }

    protected override void AddLayer(SynthTensorList list, int layer)
    {
        list.Norm("attn_norm.weight", Hidden);
        list.Matrix("attn_q.weight", Heads * HeadDim, Hidden);
        list.Matrix("attn_k.weight", KvHeads * HeadDim, Hidden);
        list.Matrix("attn_v.weight", KvHeads * HeadDim, Hidden);
        list.Matrix("attn_output.weight", Hidden, Heads * HeadDim);
        list.Norm("ffn_norm.weight", Hidden);
        if (Experts is not { } experts)
        {
            list.Ffn("", Hidden, DenseWidth);
            return;
        }

        list.Norm("attn_q_norm.weight", HeadDim);
        list.Norm("attn_k_norm.weight", HeadDim);
        list.Router("ffn_gate_inp.weight", experts.Count, Hidden);
        list.Experts(experts.Count, Hidden, experts.Width);
    }

    // Llama 3.1's scaling (transformers, _compute_llama3_parameters): low factor 1, high 4, original context 8192.
    private float[] RopeDivisors()
    {
        const double Low = 1;
        const double High = 4;
        const double OriginalContext = 8192;
        return [.. Enumerable.Range(0, HeadDim / 2).Select(i =>
        {
            var wavelength = 2 * Math.PI * Math.Pow(RopeBase, 2.0 * i / HeadDim);
            var smooth = Math.Clamp(((OriginalContext / wavelength) - Low) / (High - Low), 0, 1);
            return (float)(1 / (((1 - smooth) / RopeFactor) + smooth));
        })];
    }
}
