using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes  field   (ggml-common.h, block_q2_K)
// 0-15   scales  16 bytes, one for 16 values: scale in the low nibble, minimum in the high one
// 16-79  qs      2-bit codes: bits 2s of byte 32n+l belong to value 128n + 32s + l
// 80-81  d       half
// 82-83  dmin    half
// y = d·sc·q − dmin·mn

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct Q2_K : ISuperBlock<Q2_K>
{
    public Bytes16 SubScaleNibbles;
    public Bytes64 Codes;
    public Half Scale;
    public Half Min;

    public static DType DType => DType.Q2_K;

    public static int Length => 256;

    public static bool IsSigned => false;

    public static int MaxCode => 3;

    public static int Offset => 0;

    public static bool HasMin => true;

    public static void Decode(in Q2_K block, Span<float> values)
    {
        var d = (float)block.Scale;
        var dmin = (float)block.Min;
        for (var i = 0; i < 256; i++)
        {
            var code = (block.Codes[(32 * (i / 128)) + (i % 32)] >> (2 * (i % 128 / 32))) & 3;
            var nibbles = block.SubScaleNibbles[i / 16];
            values[i] = (d * (nibbles & 15) * code) - (dmin * (nibbles >> 4));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group) =>
        Unpacking.Field(Vector256.Load(block + 16 + (32 * (group >> 2))), 2 * (group & 3), 3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Scales(byte* block, nint stride) => Unpacking.GatherHalves(block + 80, stride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Mins(byte* block, nint stride) => Unpacking.GatherLastHalves(block + 82, stride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<short> SubScales(byte* block) =>
        Unpacking.Widen((Vector128.Load(block) & Vector128.Create((byte)15)).AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<short> SubMins(byte* block) =>
        Unpacking.Widen(((Vector128.Load(block).AsUInt16() >> 4).AsByte() & Vector128.Create((byte)15)).AsSByte());
}
