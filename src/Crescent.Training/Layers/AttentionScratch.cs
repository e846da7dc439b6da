using Crescent.Kernels.Memory;

namespace Crescent.Training.Layers;

/// <summary>Gradients inside latent attention, used by one layer after the other.</summary>
internal sealed class AttentionScratch : IDisposable
{
    public AttentionScratch(TrainingContext context)
    {
        var options = context.Shape.Attention;
        var widths = new AttentionWidths(options);
        (Queries, Keys) = (context.Rows(widths.Keys), context.Rows(widths.Keys));
        (Expanded, Output) = (context.Rows(widths.Expanded), context.Rows(widths.Values));
        (Latents, LatentNormed) = (context.Rows(options.CachedWidth), context.Rows(options.LatentWidth));
        if (options.QueryRank > 0)
        {
            (QueryDown, QueryNormed) = (context.Rows(options.QueryRank), context.Rows(options.QueryRank));
        }
    }

    public AlignedBuffer<float> Queries { get; } // [tokens, heads, nope + rope]

    public AlignedBuffer<float> Keys { get; } // [tokens, heads, nope + rope]

    public AlignedBuffer<float> Expanded { get; } // [tokens, heads, nope + value]

    public AlignedBuffer<float> Output { get; } // [tokens, heads, value]

    public AlignedBuffer<float> Latents { get; } // [tokens, latent + rope]

    public AlignedBuffer<float> LatentNormed { get; } // [tokens, latent]

    public AlignedBuffer<float>? QueryDown { get; } // [tokens, queryRank]

    public AlignedBuffer<float>? QueryNormed { get; } // [tokens, queryRank]

    public void Dispose()
    {
        foreach (var buffer in new[] { Queries, Keys, Expanded, Output, Latents, LatentNormed, QueryDown, QueryNormed })
        {
            buffer?.Dispose();
        }
    }
}
