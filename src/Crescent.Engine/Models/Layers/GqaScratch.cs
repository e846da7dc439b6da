using Crescent.Kernels;
using Crescent.Kernels.Attention;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Models.Layers;

/// <summary>Scratch of grouped-query attention, shared by all layers of a model.</summary>
public sealed class GqaScratch : IDisposable
{
    public GqaScratch(GqaOptions options, int maxRows, int threads, IsaLevel isa)
    {
        Options = options;
        Queries = new AlignedBuffer<float>((long)maxRows * options.Heads * options.KeyWidth);
        Keys = new AlignedBuffer<float>((long)maxRows * options.KvHeads * options.KeyWidth);
        Values = new AlignedBuffer<float>((long)maxRows * options.KvHeads * options.ValueWidth);
        Output = new Activations(maxRows, options.Heads * options.ValueWidth);
        var shape = new AttentionShape(options.Heads, options.KvHeads, options.KeyWidth, options.ValueWidth, ValueIsKeyPrefix: false, options.Scale, options.SoftCap);
        Attention = new PagedAttention(shape, maxRows, threads, isa);
    }

    public GqaOptions Options { get; }

    /// <summary>[tokens, heads, keyWidth]</summary>
    public AlignedBuffer<float> Queries { get; }

    /// <summary>[tokens, kvHeads, keyWidth]</summary>
    public AlignedBuffer<float> Keys { get; }

    /// <summary>[tokens, kvHeads, valueWidth]</summary>
    public AlignedBuffer<float> Values { get; }

    /// <summary>[tokens, heads · valueWidth]</summary>
    public Activations Output { get; }

    public PagedAttention Attention { get; }

    public void Dispose()
    {
        Queries.Dispose();
        Keys.Dispose();
        Values.Dispose();
        Output.Dispose();
        Attention.Dispose();
    }
}
