using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>A narrow float type that steps are stored in.</summary>
internal interface IStepType
{
    /// <summary>The nearest number of the type.</summary>
    static abstract float Round(float value);
}

internal readonly struct HalfStep : IStepType
{
    public static float Round(float value) => (float)(Half)value;
}

internal readonly struct BFloat16Step : IStepType
{
    public static float Round(float value)
    {
        BF16.Encode([value], out var rounded);
        return BitConverter.UInt32BitsToSingle((uint)rounded.Bits << 16);
    }
}

/// <summary>
/// Finds the step of values that are whole multiples of one: weights that were trained or stored in few bits (Kimi K2 Thinking's −7…7) then come back exactly, where
/// upstream's quantisers would choose another step.
/// </summary>
internal static class ExactGrid
{
    // Far above the rounding of value/extent·count, far below what other values give by chance.
    private const float Tolerance = 1e-4f;

    /// <summary>Finds a step of the type of which all values are multiples and <paramref name="extent"/> at most the <paramref name="largestCount"/>-fold.</summary>
    /// <param name="extent">The largest magnitude.</param>
    public static bool TryFind<TStep>(ReadOnlySpan<float> values, float extent, int largestCount, out float step)
        where TStep : struct, IStepType
    {
        var inverse = 1 / extent;
        for (var first = 1; float.IsFinite(inverse) && first <= largestCount; first += Vector256<float>.Count)
        {
            var counts = Vector256.Create((float)first) + Vector256.CreateSequence(0f, 1f);
            for (var candidates = Candidates(values, inverse, counts, largestCount); candidates != 0; candidates &= candidates - 1)
            {
                step = extent / (first + BitOperations.TrailingZeroCount(candidates));
                if (TStep.Round(step) == step && IsGrid(values, step))
                {
                    return true;
                }
            }
        }

        step = 0;
        return false;
    }

    // Bit i: extent / counts[i] divides all values, about.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Candidates(ReadOnlySpan<float> values, float inverse, Vector256<float> counts, int largestCount)
    {
        var possible = Vector256.LessThanOrEqual(counts, Vector256.Create((float)largestCount));
        foreach (var value in values)
        {
            var multiples = counts * Vector256.Create(value * inverse);
            possible &= Vector256.LessThan(Vector256.Abs(multiples - Vector256.Round(multiples)), Vector256.Create(Tolerance));
            if (possible.AsInt32() == Vector256<int>.Zero)
            {
                break;
            }
        }

        return possible.ExtractMostSignificantBits();
    }

    private static bool IsGrid(ReadOnlySpan<float> values, float step)
    {
        foreach (var value in values)
        {
            if (MathF.Round(value / step) * step != value)
            {
                return false;
            }
        }

        return true;
    }
}
