using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes  field     (ggml-common.h, block_iq4_xs)
// 0-1    d         half
// 2-3    scales_h  upper two bits of the 8 six-bit scales (u16, bits 2g)
// 4-7    scales_l  low nibbles: scale g in byte g/2, even g low
// 8-135  qs        8 × 16 bytes, each as in IQ4_NL
// y = d·(sc − 32)·T[q]

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct IQ4_XS : ISuperBlock<IQ4_XS>
{
    public Half Scale;
    public ushort SubScaleHigh;
    public Bytes4 SubScaleLow;
    public Bytes128 Codes;

    public static DType DType => DType.IQ4_XS;

    public static int Length => 256;

    public static bool IsSigned => true;

    public static int MaxCode => 127;

    public static int Offset => 0;

    public static bool HasMin => false;

    public static bool HasOneSubScale => true;

    public static void Decode(in IQ4_XS block, Span<float> values)
    {
        var d = (float)block.Scale;
        for (var i = 0; i < 256; i++)
        {
            var group = i / 32;
            var low = (block.SubScaleLow[group / 2] >> (4 * (group & 1))) & 15;
            var scale = (low | (((block.SubScaleHigh >> (2 * group)) & 3) << 4)) - 32;
            var nibbles = block.Codes[(16 * group) + (i % 16)];
            values[i] = d * scale * IQ4_NL.Table[i % 32 < 16 ? nibbles & 15 : nibbles >> 4];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group) =>
        Unpacking.NibbleTable(block + 8 + (16 * group), IQ4_NL.TableVector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Scales(byte* block, nint stride) => Unpacking.GatherHalves(block, stride);

    public static unsafe Vector256<float> Mins(byte* block, nint stride) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<short> SubScales(byte* block) => Unpacking.WidenTwice(SubScaleBytes(block));

    /// <summary>The 8 sub-scales, a signed byte each, scale 0 lowest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe ulong SubScaleBytes(byte* block)
    {
        // Nibbles and bit pairs to a byte each.
        var low = Unpacking.SpreadNibbles(*(uint*)(block + 4));
        ulong high = *(ushort*)(block + 2);
        high = (high | (high << 24)) & 0x000000FF000000FF;
        high = (high | (high << 12)) & 0x000F000F000F000F;
        high = (high | (high << 6)) & 0x0303030303030303;
        // Less 32 in every byte: the top bit, set for the subtraction, keeps it from borrowing.
        return ((low | (high << 4) | 0x8080808080808080) - 0x2020202020202020) ^ 0x8080808080808080;
    }

    public static unsafe Vector256<short> SubMins(byte* block) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void GroupScales(byte* block, nint stride, float* scales, float* mins)
    {
        Unpacking.GatherWords(block, stride, out var first, out var low, out _, out _);
        var factors = Unpacking.HalfToSingle(first & Vector256.Create(0xFFFF));
        for (var group = 0; group < 8; group++)
        {
            var scale = ((low >> (4 * group)) & Vector256.Create(15)) | (((first >> (16 + (2 * group))) & Vector256.Create(3)) << 4);
            (Vector256.ConvertToSingle(scale - Vector256.Create(32)) * factors).Store(scales + (8 * group));
        }
    }
}
