using Crescent.Kernels.LinearAttention;

namespace Crescent.Engine.Models.Layers;

/// <summary>Shape of Kimi Delta Attention (arXiv 2510.26692).</summary>
/// <param name="Width">Values of a query, key and value head.</param>
/// <param name="Taps">Taps of the short convolution, the current token's included.</param>
public sealed record KdaOptions(int Heads, int Width, int Taps)
{
    /// <summary>Values of all heads.</summary>
    public int HeadsWidth => Heads * Width;

    /// <summary>Floats of the convolution's part of a state: [taps − 1, 3, heads, width].</summary>
    public long TailFloats => ShortConvolution.StateFloats(Taps, 3 * HeadsWidth);

    /// <summary>Floats that a layer keeps of a sequence: the tail, then [heads, width (key), width (value)].</summary>
    public long StateFloats => TailFloats + DeltaRule.StateFloats(Heads, Width);
}
