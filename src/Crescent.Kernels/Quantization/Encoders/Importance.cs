using System.Diagnostics.CodeAnalysis;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>Importance weights of a row's columns, or none.</summary>
/// <remarks>
/// They are scaled by a power of two so that the largest is in [1, 2): only ratios matter, and sums of weighted squares then neither vanish nor overflow. A
/// group whose columns all weigh nothing is encoded as if they weighed alike, instead of being lost.
/// </remarks>
internal readonly ref struct Importance
{
    private readonly ReadOnlySpan<float> _weights;
    private readonly float _factor;

    private Importance(ReadOnlySpan<float> weights, float factor)
    {
        _weights = weights;
        _factor = factor;
    }

    public bool IsEmpty => _weights.IsEmpty;

    /// <exception cref="ArgumentException">Not one weight a column, or one that is negative or not finite.</exception>
    public static Importance Of(ReadOnlySpan<float> weights, int columns)
    {
        if (weights.IsEmpty)
        {
            return default;
        }

        if (weights.Length != columns)
        {
            ThrowLength(weights.Length, columns);
        }

        var largest = 0f;
        for (var i = 0; i < weights.Length; i++)
        {
            if (!float.IsFinite(weights[i]) || weights[i] < 0)
            {
                ThrowWeight(weights[i], i);
            }

            largest = Math.Max(largest, weights[i]);
        }

        return new Importance(weights, largest > 0 ? MathF.ScaleB(1, Math.Clamp(-Math.ILogB(largest), -126, 126)) : 1);
    }

    public Importance Slice(int start, int length) => IsEmpty ? this : new Importance(_weights.Slice(start, length), _factor);

    /// <summary>The weights of a group as they are; 1 each where all are 0.</summary>
    public void Plain(Span<float> weights)
    {
        Scale(weights);
        if (Sums.Of(weights) == 0)
        {
            weights.Fill(1);
        }
    }

    /// <summary>Weights of the squared errors of a group: importance · √(<paramref name="variance"/> + x²).</summary>
    /// <param name="values">[group]</param>
    /// <param name="weights">[group], a multiple of 8 long</param>
    public void OfErrors(ReadOnlySpan<float> values, float variance, Span<float> weights)
    {
        Plain(weights);
        var offset = Vector256.Create(variance);
        for (var i = 0; i < weights.Length; i += Vector256<float>.Count)
        {
            var value = Vector256.Create(values[i..]);
            (Vector256.Create(weights[i..]) * Vector256.Sqrt(offset + (value * value))).CopyTo(weights[i..]);
        }
    }

    private void Scale(Span<float> weights)
    {
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] = _weights[i] * _factor;
        }
    }

    [DoesNotReturn]
    private static void ThrowLength(int importance, int columns) =>
        throw new ArgumentException($"{importance} importance weights for a row of {columns} columns; expected one a column, or none", nameof(importance));

    [DoesNotReturn]
    private static void ThrowWeight(float importance, int column) =>
        throw new ArgumentException($"importance weight {importance} of column {column}; expected a finite number, 0 or larger", nameof(importance));
}
