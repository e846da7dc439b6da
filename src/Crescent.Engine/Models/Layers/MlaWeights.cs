using Crescent.Kernels.MatMul;

namespace Crescent.Engine.Models.Layers;

/// <summary>The weights of multi-head latent attention.</summary>
public sealed class MlaWeights
{
    /// <summary>[queryRank, hidden], or null where queries are not compressed.</summary>
    public WeightMatrix? QueryDown { get; init; }

    public NormRows? QueryNorm { get; init; }

    /// <summary>[heads · (nope + rope), queryRank or hidden]</summary>
    public required WeightMatrix Query { get; init; }

    /// <summary>[latent + rope, hidden]</summary>
    public required WeightMatrix LatentDown { get; init; }

    public required NormRows LatentNorm { get; init; }

    /// <summary>Key part of each head: [nope, latent] where <see cref="KeyIsTransposed"/> is false, else [latent, nope].</summary>
    public required WeightMatrix[] KeyUp { get; init; }

    /// <summary>True for GGUF's <c>attn_k_b</c>, which stores the absorbed form.</summary>
    public required bool KeyIsTransposed { get; init; }

    /// <summary>Value part of each head: [value, latent]</summary>
    public required WeightMatrix[] ValueUp { get; init; }

    /// <summary>[hidden, heads · value]</summary>
    public required WeightMatrix Output { get; init; }
}
