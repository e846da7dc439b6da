using System.Numerics;

namespace Crescent.Kernels.Attention;

/// <summary>
/// What a layer adds to plain causal attention. A score becomes <c>t(p)·cap(scale·q·k) − slope·(p − k)</c> for a query at position p and a key at
/// position k.
/// </summary>
public sealed record AttentionModifiers
{
    /// <summary>Plain causal attention.</summary>
    public static AttentionModifiers None { get; } = new();

    /// <summary>Keys a query sees, itself included: those with p − k &lt; Window; 0 for all.</summary>
    public int Window { get; init; }

    /// <summary>[heads], a logit that joins each head's softmax and has no value (gpt-oss), or null for none.</summary>
    public float[]? Sinks { get; init; }

    /// <summary>[heads], linear biases (Press et al. 2022), or null for none.</summary>
    public float[]? Slopes { get; init; }

    /// <summary>Positions above which scores grow: t(p) = log2(p) / log2(TemperatureLength) for p &gt; TemperatureLength, else 1 (Grok-2); 0 for none.</summary>
    public int TemperatureLength { get; init; }

    /// <summary>ALiBi's slopes of <paramref name="heads"/> heads: powers of 2^(−maxBias/n), n the largest power of two within, then every other one of 2n heads.</summary>
    public static float[] AlibiSlopes(int heads, double maxBias)
    {
        var whole = 1 << BitOperations.Log2((uint)heads);
        return [.. Enumerable.Range(0, heads).Select(head => (float)(head < whole
            ? Math.Pow(2, -maxBias / whole * (head + 1))
            : Math.Pow(2, -maxBias / (2 * whole) * ((2 * (head - whole)) + 1))))];
    }

    /// <summary>First position that a query sees.</summary>
    internal int FirstVisible(int position) => Window > 0 ? Math.Max(0, position - Window + 1) : 0;

    internal float Temperature(int position) =>
        TemperatureLength > 0 && position > TemperatureLength ? (float)(Math.Log2(position) / Math.Log2(TemperatureLength)) : 1;
}
