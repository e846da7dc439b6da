using System.Buffers.Binary;
using Crescent.Kernels;

namespace Crescent.Tests;

/// <summary>The common scales of quantised blocks, for tests that fill the rest of a block with any bytes.</summary>
internal static class TestBlocks
{
    /// <summary>Sets the scale of one block, and the scale of its minima where it has one.</summary>
    public static void SetScales(DType dtype, Span<byte> block, Half scale, Half min)
    {
        switch (dtype)
        {
            case DType.MXFP4:
                block[0] = (byte)(128 + Math.ILogB((double)scale));
                break;
            case DType.IQ1_M:
                Scatter(block[48..], BitConverter.HalfToUInt16Bits(scale));
                break;
            default:
                var (position, minPosition) = Positions(dtype);
                BinaryPrimitives.WriteHalfLittleEndian(block[position..], scale);
                if (minPosition is { } at)
                {
                    BinaryPrimitives.WriteHalfLittleEndian(block[at..], min);
                }

                break;
        }
    }

    private static (int Scale, int? Min) Positions(DType dtype) => dtype switch
    {
        DType.Q4_1 or DType.Q5_1 or DType.Q4_K or DType.Q5_K => (0, 2),
        DType.Q2_K => (80, 82),
        DType.Q3_K => (108, null),
        DType.Q6_K => (208, null),
        DType.TQ1_0 => (52, null),
        DType.TQ2_0 => (64, null),
        _ => (0, null),
    };

    // A nibble on top of each of 4 u16, the lowest first.
    private static void Scatter(Span<byte> scales, int half)
    {
        for (var i = 0; i < 4; i++)
        {
            scales[(2 * i) + 1] = (byte)((scales[(2 * i) + 1] & 15) | (((half >> (4 * i)) & 15) << 4));
        }
    }
}
