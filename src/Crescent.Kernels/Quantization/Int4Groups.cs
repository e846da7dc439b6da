using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Quantization.Encoders;

namespace Crescent.Kernels.Quantization;

/// <summary>
/// Rows of <see cref="DType.INT4_G32"/>: groups of 32 values q·scale with q in −7…7, as compressed-tensors packs them (format pack-quantized, symmetric, 4 bits). Codes and
/// bfloat16 scales go to tensors of their own.
/// </summary>
public static class Int4Groups
{
    public const int GroupLength = 32;

    private const int LargestCode = 7;
    private const int Offset = 8;
    private const int Reach = 9;

    /// <inheritdoc cref="Encode(ReadOnlySpan{float}, ReadOnlySpan{float}, Span{byte}, Span{ushort})"/>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> codes, Span<ushort> scales) => Encode(values, default, codes, scales);

    /// <summary>
    /// Encodes a row. A group that holds multiples −7…7 of a bfloat16 step comes back exactly. Otherwise the scale is the largest magnitude / 7, rounded, or with importance the one of
    /// 19 scales around it that gives the least weighted error; codes are the nearest for the rounded scale.
    /// </summary>
    /// <param name="values">[columns]</param>
    /// <param name="importance">[columns?] weights of the columns' squared errors, none negative</param>
    /// <param name="codes">[columns / 2] nibbles q + 8: value 2i in the low half of byte i, value 2i + 1 in the high one</param>
    /// <param name="scales">[columns / 32] bits of bfloat16 numbers</param>
    /// <exception cref="ArgumentException">Lengths do not fit; a value is not finite; a weight is negative or not finite.</exception>
    [SkipLocalsInit]
    public static void Encode(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> codes, Span<ushort> scales)
    {
        if (values.Length % GroupLength != 0 || codes.Length != values.Length / 2 || scales.Length != values.Length / GroupLength)
        {
            ThrowLengths(values.Length, codes.Length, scales.Length);
        }

        EncoderChecks.Largest(DType.INT4_G32, values);
        var weights = Importance.Of(importance, values.Length);
        Span<float> groupWeights = stackalloc float[GroupLength];
        for (var i = 0; i < scales.Length; i++)
        {
            var group = values.Slice(i * GroupLength, GroupLength);
            var scale = FirstScale(group);
            if (!weights.IsEmpty)
            {
                weights.Slice(i * GroupLength, GroupLength).Plain(groupWeights);
                scale = BestScale(group, groupWeights, scale);
            }

            scales[i] = (ushort)(BitConverter.SingleToUInt32Bits(scale) >> 16);
            Pack(group, scale, codes.Slice(i * GroupLength / 2, GroupLength / 2));
        }
    }

    private static float FirstScale(ReadOnlySpan<float> values)
    {
        var largest = Math.Abs(Encoding.LargestMagnitude(values));
        return ExactGrid.TryFind<BFloat16Step>(values, largest, LargestCode, out var step) ? step : BFloat16Step.Round(largest / LargestCode);
    }

    private static float BestScale(ReadOnlySpan<float> values, ReadOnlySpan<float> weights, float first)
    {
        var largest = Math.Abs(Encoding.LargestMagnitude(values));
        var (best, bestError) = (first, Error(values, weights, first));
        for (var i = -Reach; i <= Reach; i++)
        {
            var scale = BFloat16Step.Round(largest / (LargestCode + (0.1f * i)));
            var error = Error(values, weights, scale);
            if (error < bestError)
            {
                (best, bestError) = (scale, error);
            }
        }

        return best;
    }

    private static float Error(ReadOnlySpan<float> values, ReadOnlySpan<float> weights, float scale)
    {
        var sum = Vector256<float>.Zero;
        for (var i = 0; i < GroupLength; i += Vector256<float>.Count)
        {
            var value = Vector256.Create(values[i..]);
            var difference = value - (Codes(value, scale) * Vector256.Create(scale));
            sum += Vector256.Create(weights[i..]) * difference * difference;
        }

        return Vector256.Sum(sum);
    }

    private static void Pack(ReadOnlySpan<float> values, float scale, Span<byte> codes)
    {
        Span<byte> single = stackalloc byte[GroupLength];
        var offset = Vector256.Create((float)Offset);
        for (var i = 0; i < GroupLength; i += 16)
        {
            var low = Codes(Vector256.Create(values[i..]), scale) + offset;
            var high = Codes(Vector256.Create(values[(i + 8)..]), scale) + offset;
            Lanes.ToBytes(low, high).CopyTo(single[i..]);
        }

        for (var i = 0; i < codes.Length; i++)
        {
            codes[i] = (byte)(single[2 * i] | (single[(2 * i) + 1] << 4));
        }
    }

    // A group of zeros, or one too small for any scale, has scale 0 and codes 0.
    private static Vector256<float> Codes(Vector256<float> values, float scale) =>
        scale == 0
            ? Vector256<float>.Zero
            : Lanes.Round(values / Vector256.Create(scale), Vector256.Create(-(float)LargestCode), Vector256.Create((float)LargestCode));

    [DoesNotReturn]
    private static void ThrowLengths(int values, int codes, int scales) =>
        throw new ArgumentException($"{values} values take {values / 2} bytes of codes and {values / GroupLength} scales, in whole groups of {GroupLength}; found {codes} and {scales}");
}
