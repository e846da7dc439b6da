using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes   field   (ggml-common.h, block_q4_K)
// 0-1     d       half
// 2-3     dmin    half
// 4-15    scales  8 six-bit scales and minima, one pair for 32 values (SixBitPairs)
// 16-143  qs      nibbles: byte 32c+l holds value 64c + l (low) and 64c + 32 + l (high)
// y = d·sc·q − dmin·mn

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct Q4_K : ISuperBlock<Q4_K>
{
    public Half Scale;
    public Half Min;
    public Bytes12 Pairs;
    public Bytes128 Codes;

    public static DType DType => DType.Q4_K;

    public static int Length => 256;

    public static bool IsSigned => false;

    public static int MaxCode => 15;

    public static int Offset => 0;

    public static bool HasMin => true;

    public static bool HasOneSubScale => true;

    public static void Decode(in Q4_K block, Span<float> values)
    {
        var d = (float)block.Scale;
        var dmin = (float)block.Min;
        for (var i = 0; i < 256; i++)
        {
            var (scale, min) = SixBitPairs.Read(block.Pairs, i / 32);
            var code = (block.Codes[(32 * (i / 64)) + (i % 32)] >> (4 * (i % 64 / 32))) & 15;
            values[i] = (d * scale * code) - (dmin * min);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group) =>
        Unpacking.Field(Vector256.Load(block + 16 + (32 * (group >> 1))), 4 * (group & 1), 15);

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
