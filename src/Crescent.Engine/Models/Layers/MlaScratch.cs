using Crescent.Kernels;
using Crescent.Kernels.Attention;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Models.Layers;

/// <summary>Scratch of multi-head latent attention, shared by all layers of a model.</summary>
public sealed class MlaScratch : IDisposable
{
    /// <summary>Positions expanded at a time: a multiple of the page, small enough to stay near the caches.</summary>
    public const int ExpandedPositions = 16 * PagedAttention.PageTokens;

    public MlaScratch(MlaOptions options, int maxRows, int threads, MlaForm form, IsaLevel isa)
    {
        Options = options;
        Form = form;
        QueryDown = options.QueryRank > 0 ? new Activations(maxRows, options.QueryRank) : null;
        Queries = new AlignedBuffer<float>((long)maxRows * options.Heads * options.HeadWidth);
        Latents = new AlignedBuffer<float>((long)maxRows * options.CachedWidth);
        Nope = new Activations((long)maxRows * options.Heads, options.NopeWidth);
        AbsorbedQueries = new AlignedBuffer<float>((long)maxRows * options.Heads * options.CachedWidth);
        AbsorbedOutput = new Activations((long)maxRows * options.Heads, options.LatentWidth);
        Output = new Activations(maxRows, options.Heads * options.ValueWidth);
        Jobs = new MatMulJob[2 * options.Heads];
        Absorbed = new PagedAttention(
            new AttentionShape(options.Heads, 1, options.CachedWidth, options.LatentWidth, ValueIsKeyPrefix: true, options.Scale), maxRows, threads, isa);
        if (form != MlaForm.Absorbed)
        {
            Expanded = new PagedAttention(
                new AttentionShape(options.Heads, options.Heads, options.HeadWidth, options.ValueWidth, ValueIsKeyPrefix: false, options.Scale), maxRows, threads, isa);
            BlockLatents = new Activations(ExpandedPositions, options.LatentWidth);
            BlockRotary = new AlignedBuffer<float>((long)ExpandedPositions * options.RopeWidth);
            BlockKeys = new AlignedBuffer<float>((long)ExpandedPositions * options.Heads * options.NopeWidth);
            BlockValues = new AlignedBuffer<float>((long)ExpandedPositions * options.Heads * options.ValueWidth);
        }
    }

    public MlaOptions Options { get; }

    public MlaForm Form { get; }

    /// <summary>[tokens, queryRank]</summary>
    public Activations? QueryDown { get; }

    /// <summary>[tokens, heads, nope + rope]</summary>
    public AlignedBuffer<float> Queries { get; }

    /// <summary>[tokens, latent + rope]</summary>
    public AlignedBuffer<float> Latents { get; }

    /// <summary>[tokens · heads, nope]</summary>
    public Activations Nope { get; }

    /// <summary>[tokens, heads, latent + rope]</summary>
    public AlignedBuffer<float> AbsorbedQueries { get; }

    /// <summary>[tokens · heads, latent]</summary>
    public Activations AbsorbedOutput { get; }

    /// <summary>[tokens, heads · value]</summary>
    public Activations Output { get; }

    public MatMulJob[] Jobs { get; }

    public PagedAttention Absorbed { get; }

    /// <summary>The expanded form and its block buffers; null where only the absorbed form is used.</summary>
    public PagedAttention? Expanded { get; }

    /// <summary>[positions, latent]</summary>
    public Activations? BlockLatents { get; }

    /// <summary>[positions, rope]</summary>
    public AlignedBuffer<float>? BlockRotary { get; }

    /// <summary>[heads, ExpandedPositions, nope]</summary>
    public AlignedBuffer<float>? BlockKeys { get; }

    /// <summary>[heads, ExpandedPositions, value]</summary>
    public AlignedBuffer<float>? BlockValues { get; }

    public void Dispose()
    {
        QueryDown?.Dispose();
        Queries.Dispose();
        Latents.Dispose();
        Nope.Dispose();
        AbsorbedQueries.Dispose();
        AbsorbedOutput.Dispose();
        Output.Dispose();
        Absorbed.Dispose();
        Expanded?.Dispose();
        BlockLatents?.Dispose();
        BlockRotary?.Dispose();
        BlockKeys?.Dispose();
        BlockValues?.Dispose();
    }
}
