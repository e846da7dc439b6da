using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.Emitted.Packing;

/// <summary>The scales and minima that Q4_K and Q5_K share, at the start of a super-block: half d, half dmin, 12 bytes of six-bit pairs.</summary>
internal static unsafe class KPairScales
{
    private const ulong LowerNibbles = 0x0F0F0F0F0F0F0F0F;
    private const ulong UpperBits = 0x3030303030303030;

    /// <summary>Packs those of 16 rows: the header, and the scales of 8 groups.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pack(byte* block, nint stride, byte* header, int groupBytes)
    {
        var rows = stackalloc ulong[PanelFormat.Rows];
        var upper = (uint*)(header + 64);
        for (var row = 0; row < PanelFormat.Rows; row++, block += stride)
        {
            ((ushort*)header)[row] = *(ushort*)block;
            ((ushort*)header)[row + 16] = *(ushort*)(block + 2);
            var (scales, mins) = (SixBitPairs.Scales(block + 4), SixBitPairs.Mins(block + 4));
            rows[row] = (scales & LowerNibbles) | ((mins & LowerNibbles) << 4);
            upper[row] = Spread(scales) | (Spread(mins) << 2);
        }

        PanelTranspose.Bytes(rows, header + 128, groupBytes);
    }

    // Bits 4 and 5 of byte g to bits 4g and 4g + 1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Spread(ulong bytes) =>
        Bmi2.ParallelBitDeposit((uint)Bmi2.X64.ParallelBitExtract(bytes, UpperBits), 0x33333333);
}
