using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes   field   (ggml-common.h, block_q5_K)
// 0-1     d       half
// 2-3     dmin    half
// 4-15    scales  8 six-bit scales and minima, one pair for 32 values (SixBitPairs)
// 16-47   qh      fifth bits: bit g of byte l belongs to value 32g + l
// 48-175  qs      nibbles, order as Q4_K
// y = d·sc·q − dmin·mn

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct Q5_K : ISuperBlock<Q5_K>
{
    public Half Scale;
    public Half Min;
    public Bytes12 Pairs;
    public Bytes32 HighBits;
    public Bytes128 Codes;

    public static DType DType => DType.Q5_K;

    public static int Length => 256;

    public static bool IsSigned => false;

    public static int MaxCode => 31;

    public static int Offset => 0;

    public static bool HasMin => true;

    public static bool HasOneSubScale => true;

    public static void Decode(in Q5_K block, Span<float> values)
    {
        var d = (float)block.Scale;
        var dmin = (float)block.Min;
        for (var i = 0; i < 256; i++)
        {
            var (scale, min) = SixBitPairs.Read(block.Pairs, i / 32);
            var code = (block.Codes[(32 * (i / 64)) + (i % 32)] >> (4 * (i % 64 / 32))) & 15;
            var bit = (block.HighBits[i % 32] >> (i / 32)) & 1;
            values[i] = (d * scale * (code | (bit << 4))) - (dmin * min);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group)
    {
        var low = Unpacking.Field(Vector256.Load(block + 48 + (32 * (group >> 1))), 4 * (group & 1), 15);
        var high = Unpacking.Field(Vector256.Load(block + 16), group, 1);
        return low | (high.AsUInt16() << 4).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Scales(byte* block, nint stride) => Unpacking.GatherHalves(block, stride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Mins(byte* block, nint stride) => Unpacking.GatherHalves(block + 2, stride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<short> SubScales(byte* block) => Unpacking.WidenTwice(SixBitPairs.Scales(block + 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<short> SubMins(byte* block) => Unpacking.WidenTwice(SixBitPairs.Mins(block + 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void GroupScales(byte* block, nint stride, float* scales, float* mins) =>
        SixBitPairs.GroupScales(block, stride, scales, mins);
}
