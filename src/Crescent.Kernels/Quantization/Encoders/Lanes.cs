using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>
/// Eight groups of values side by side: vector i holds element i of every group. Each lane then adds in the order of upstream's scalar loops, so that
/// searches over eight groups at once give upstream's bytes.
/// </summary>
internal static class Lanes
{
    /// <summary>Groups searched at once.</summary>
    public const int Count = 8;

    /// <summary>Groups whose largest magnitude is below this are zero (ggml-quants.c, GROUP_MAX_EPS).</summary>
    public const float Nothing = 1e-15f;

    /// <summary>Transposes [8, length] values to [length] vectors.</summary>
    public static void Load(ReadOnlySpan<float> values, Span<Vector256<float>> lanes)
    {
        var length = lanes.Length;
        for (var i = 0; i < lanes.Length; i++)
        {
            lanes[i] = Vector256.Create(
                values[i],
                values[i + length],
                values[i + (2 * length)],
                values[i + (3 * length)],
                values[i + (4 * length)],
                values[i + (5 * length)],
                values[i + (6 * length)],
                values[i + (7 * length)]);
        }
    }

    /// <summary>The first value of the largest magnitude in each lane, with its sign.</summary>
    public static Vector256<float> LargestMagnitude(ReadOnlySpan<Vector256<float>> values)
    {
        var largest = Vector256<float>.Zero;
        foreach (var value in values)
        {
            var larger = Vector256.GreaterThan(Vector256.Abs(value), Vector256.Abs(largest));
            largest = Vector256.ConditionalSelect(larger, value, largest);
        }

        return largest;
    }

    /// <summary>Nearest integers, ties to even, inside a range. What is not a number becomes <paramref name="min"/> or another number inside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Round(Vector256<float> values, Vector256<float> min, Vector256<float> max) =>
        Vector256.MinNative(Vector256.MaxNative(Vector256.Round(values), min), max);

    /// <summary>Sixteen small whole numbers to bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> ToBytes(Vector256<float> low, Vector256<float> high)
    {
        var shorts = Vector256.Narrow(Vector256.ConvertToInt32(low), Vector256.ConvertToInt32(high));
        return Vector128.Narrow(shorts.GetLower(), shorts.GetUpper()).AsByte();
    }

    /// <summary>The codes of one group out of the lanes of its set.</summary>
    public static void Store(ReadOnlySpan<Vector256<float>> lanes, int lane, Span<byte> codes)
    {
        for (var i = 0; i < lanes.Length; i++)
        {
            codes[i] = (byte)(int)lanes[i].GetElement(lane);
        }
    }
}
