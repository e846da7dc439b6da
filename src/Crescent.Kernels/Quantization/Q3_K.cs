using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes   field   (ggml-common.h, block_q3_K)
// 0-31    hmask   third bits: bit g of byte l belongs to value 32g + l
// 32-95   qs      2-bit codes, order as Q2_K
// 96-107  scales  16 six-bit scales, one for 16 values, offset by 32: nibbles k in bytes 0-7 (high nibbles: k = 8..15),
//                 upper two bits of scale k in byte 8 + k%4 at bit 2·(k/4)
// 108-109 d       half
// y = d·(sc − 32)·(q − 4), q with its third bit

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct Q3_K : ISuperBlock<Q3_K>
{
    public Bytes32 HighBits;
    public Bytes64 Codes;
    public Bytes12 SubScaleBits;
    public Half Scale;

    public static DType DType => DType.Q3_K;

    public static int Length => 256;

    public static bool IsSigned => false;

    public static int MaxCode => 7;

    public static int Offset => 4;

    public static bool HasMin => false;

    public static void Decode(in Q3_K block, Span<float> values)
    {
        var d = (float)block.Scale;
        for (var i = 0; i < 256; i++)
        {
            var k = i / 16;
            var low = k < 8 ? block.SubScaleBits[k] & 15 : block.SubScaleBits[k - 8] >> 4;
            var high = (block.SubScaleBits[8 + (k % 4)] >> (2 * (k / 4))) & 3;
            var scale = (low | (high << 4)) - 32;
            var code = (block.Codes[(32 * (i / 128)) + (i % 32)] >> (2 * (i % 128 / 32))) & 3;
            var bit = (block.HighBits[i % 32] >> (i / 32)) & 1;
            values[i] = d * scale * (code - (bit != 0 ? 0 : 4));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group)
    {
        var low = Unpacking.Field(Vector256.Load(block + 32 + (32 * (group >> 2))), 2 * (group & 3), 3);
        var high = Unpacking.Field(Vector256.Load(block), group, 1);
        return low | (high.AsUInt16() << 2).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Scales(byte* block, nint stride) => Unpacking.GatherLastHalves(block + 108, stride);

    public static unsafe Vector256<float> Mins(byte* block, nint stride) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<short> SubScales(byte* block)
    {
        var nibbles = *(ulong*)(block + 96);
        var upper = *(uint*)(block + 104);
        const uint two = 0x03030303;
        var bits01 = (upper & two) | ((ulong)((upper >> 2) & two) << 32);
        var bits23 = ((upper >> 4) & two) | ((ulong)((upper >> 6) & two) << 32);
        const ulong four = 0x0F0F0F0F0F0F0F0F;
        var scales = Vector128.Create((nibbles & four) | (bits01 << 4), ((nibbles >> 4) & four) | (bits23 << 4)).AsSByte();
        return Unpacking.Widen(scales - Vector128.Create((sbyte)32));
    }

    public static unsafe Vector256<short> SubMins(byte* block) => default;
}
