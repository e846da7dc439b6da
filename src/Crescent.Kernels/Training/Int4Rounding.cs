using System.Buffers.Binary;

namespace Crescent.Kernels.Training;

/// <summary>
/// Rounds weights to what the release's INT4 can hold (compressed-tensors, symmetric, groups of 32, scale in bfloat16): the values that a loss sees in quantisation-aware
/// training, and the codes and scales that are shipped.
/// </summary>
public static class Int4Rounding
{
    public const int Group = 32;
    private const int Least = -8;
    private const int Most = 7;

    /// <summary>The values that the codes of <paramref name="weights"/> stand for.</summary>
    /// <param name="weights">[n], n a multiple of 32</param>
    /// <param name="rounded">[n]</param>
    public static void Round(ReadOnlySpan<float> weights, Span<float> rounded)
    {
        for (var start = 0; start < weights.Length; start += Group)
        {
            var group = weights.Slice(start, Group);
            var scale = Scale(group);
            for (var i = 0; i < Group; i++)
            {
                rounded[start + i] = Code(group[i], scale) * scale;
            }
        }
    }

    /// <summary>Codes as the release packs them: value 2j in the low half of byte j; and scales.</summary>
    /// <param name="codes">[n / 2]</param>
    /// <param name="scales">[n / 16]: bfloat16, little-endian</param>
    public static void Encode(ReadOnlySpan<float> weights, Span<byte> codes, Span<byte> scales)
    {
        for (var start = 0; start < weights.Length; start += Group)
        {
            var group = weights.Slice(start, Group);
            var scale = Scale(group);
            for (var i = 0; i < Group; i += 2)
            {
                codes[(start + i) / 2] = (byte)((Code(group[i], scale) - Least) | ((Code(group[i + 1], scale) - Least) << 4));
            }

            BinaryPrimitives.WriteUInt16LittleEndian(scales[(start / Group * sizeof(ushort))..], (ushort)(BitConverter.SingleToUInt32Bits(scale) >> 16));
        }
    }

    // The largest magnitude over half the range of the codes, rounded to bfloat16.
    private static float Scale(ReadOnlySpan<float> group)
    {
        var largest = 0f;
        foreach (var value in group)
        {
            largest = MathF.Max(largest, MathF.Abs(value));
        }

        var bits = BitConverter.SingleToUInt32Bits(largest / 7.5f);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
    }

    private static int Code(float value, float scale) => scale == 0 ? 0 : (int)Math.Clamp(MathF.Round(value / scale), Least, Most);
}
