using System.Numerics;
using System.Runtime.InteropServices;
using Crescent.Kernels;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Conversion;

/// <summary>Scales that lie apart from their codes: what they allow the values to become without rounding.</summary>
internal static class SplitScales
{
    private const int GroupLength = 32;
    private const int ChunkBytes = 1 << 24;
    private const int SignificantBitsOfFloat8 = 4;
    private const int SignificantBitsOfInt8 = 7;
    private const int SignificantBitsOfBFloat16 = 8;

    /// <summary>Bytes of a row's scales; 0 for types whose scales belong to no single row, or that have none apart.</summary>
    public static int RowBytes(DType dtype, int columns) => dtype switch
    {
        DType.INT4_G32 => columns / GroupLength * sizeof(ushort),
        DType.MXFP4_SPLIT => columns / GroupLength,
        _ => 0,
    };

    /// <summary>Whether the values of a tensor survive in the type that has room for them: INT4 in Q4_0, FP8 and INT8 in BF16.</summary>
    /// <param name="scales">Some of the tensor's scales.</param>
    public static bool Fit(DType dtype, ByteRegion scales) => dtype switch
    {
        DType.INT4_G32 => All<ushort>(scales, IsHalf),
        DType.F8_E4M3 => All<float>(scales, static scale => FitsBFloat16(scale, SignificantBitsOfFloat8, 9)),
        DType.INT8_KN => All<ushort>(scales, static bits => FitsBFloat16(BitConverter.UInt32BitsToSingle((uint)bits << 16), SignificantBitsOfInt8, 7)),
        _ => throw new ArgumentOutOfRangeException(nameof(dtype)),
    };

    /// <summary>Whether a bfloat16 number is a half as well.</summary>
    internal static bool IsHalf(ushort bits)
    {
        // 2^-14 up to 2^16: a half has more significant bits there.
        const int SmallestExponent = 127 - 14;
        const int Exponents = 30;
        var exponent = (bits >> 7) & 0xFF;
        if ((uint)(exponent - SmallestExponent) < Exponents)
        {
            return true;
        }

        var value = BitConverter.UInt32BitsToSingle((uint)bits << 16);
        return (float)(Half)value == value && float.IsFinite(value);
    }

    /// <summary>Whether every product of the scale with a number of so many significant bits is a bfloat16 number.</summary>
    /// <param name="range">The numbers, where not 0, lie in 2^-range up to 2^range.</param>
    internal static bool FitsBFloat16(float scale, int significantBits, int range)
    {
        if (scale == 0)
        {
            return true;
        }

        var bits = BitConverter.SingleToUInt32Bits(scale);
        var exponent = (int)((bits >> 23) & 0xFF) - 127;
        var mantissa = (bits & 0x7FFFFF) | 0x800000;
        return exponent >= -126 + range && exponent <= 126 - range && 24 - BitOperations.TrailingZeroCount(mantissa) + significantBits <= SignificantBitsOfBFloat16;
    }

    private static bool All<T>(ByteRegion region, Func<T, bool> fits)
        where T : unmanaged
    {
        for (long offset = 0; offset < region.Length; offset += ChunkBytes)
        {
            foreach (var scale in MemoryMarshal.Cast<byte, T>(region.Span(offset, (int)Math.Min(ChunkBytes, region.Length - offset))))
            {
                if (!fits(scale))
                {
                    return false;
                }
            }
        }

        return true;
    }
}
