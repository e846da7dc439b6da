using System.Buffers.Binary;

namespace Crescent.Kernels.Training;

/// <summary>Rounds weights to bfloat16, to nearest and ties to even: the values that a loss sees where a release stores them so.</summary>
public static class BFloat16Rounding
{
    /// <param name="weights">[n], finite</param>
    /// <param name="rounded">[n]</param>
    public static void Round(ReadOnlySpan<float> weights, Span<float> rounded)
    {
        for (var i = 0; i < weights.Length; i++)
        {
            rounded[i] = BitConverter.UInt32BitsToSingle((uint)Bits(weights[i]) << 16);
        }
    }

    /// <param name="weights">[n], finite</param>
    /// <param name="bytes">[2n]: bfloat16, little-endian</param>
    public static void Encode(ReadOnlySpan<float> weights, Span<byte> bytes)
    {
        for (var i = 0; i < weights.Length; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes[(i * sizeof(ushort))..], Bits(weights[i]));
        }
    }

    private static ushort Bits(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
