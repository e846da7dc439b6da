using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes    field   (ggml-common.h, block_q6_K)
// 0-127    ql      low nibbles: value 128n + 32k + l in byte 64n + 32·(k&1) + l, low nibble for k < 2
// 128-191  qh      upper two bits of that value: bits 2k of byte 32n + l
// 192-207  scales  16 signed bytes, one for 16 values
// 208-209  d       half
// y = d·sc·(q − 32)

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct Q6_K : ISuperBlock<Q6_K>
{
    public Bytes128 LowBits;
    public Bytes64 HighBits;
    public Bytes16 SubScaleBytes;
    public Half Scale;

    public static DType DType => DType.Q6_K;

    public static int Length => 256;

    public static bool IsSigned => false;

    public static int MaxCode => 63;

    public static int Offset => 32;

    public static bool HasMin => false;

    public static void Decode(in Q6_K block, Span<float> values)
    {
        var d = (float)block.Scale;
        for (var i = 0; i < 256; i++)
        {
            var (n, k, l) = (i / 128, i % 128 / 32, i % 32);
            var low = (block.LowBits[(64 * n) + (32 * (k & 1)) + l] >> (k >= 2 ? 4 : 0)) & 15;
            var high = (block.HighBits[(32 * n) + l] >> (2 * k)) & 3;
            values[i] = d * (sbyte)block.SubScaleBytes[i / 16] * ((low | (high << 4)) - 32);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group)
    {
        var low = Unpacking.Field(Vector256.Load(block + (64 * (group >> 2)) + (32 * (group & 1))), 2 * (group & 2), 15);
        var high = Unpacking.Field(Vector256.Load(block + 128 + (32 * (group >> 2))), 2 * (group & 3), 3);
        return low | (high.AsUInt16() << 4).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Scales(byte* block, nint stride) => Unpacking.GatherLastHalves(block + 208, stride);

    public static unsafe Vector256<float> Mins(byte* block, nint stride) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<short> SubScales(byte* block) => Unpacking.Widen(Vector128.Load((sbyte*)block + 192));

    public static unsafe Vector256<short> SubMins(byte* block) => default;
}
