using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes  field   (ggml-common.h, block_iq2_xs)
// 0-1    d       half
// 2-65   qs      32 u16, one for 8 values: 9 bits of index into CodeBooks.IQ2_XS, 7 sign bits (GridCodes.WithParity)
// 66-73  scales  16 nibbles, one for 16 values, the low one first
// y = ±d·(2s + 1)/8·g

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct IQ2_XS : ISuperBlock<IQ2_XS>
{
    public Half Scale;
    public Bytes64 Codes;
    public Bytes8 SubScaleNibbles;

    public static DType DType => DType.IQ2_XS;

    public static int Length => 256;

    public static bool IsSigned => true;

    public static int MaxCode => 43;

    public static int Offset => 0;

    public static bool HasMin => false;

    public static void Decode(in IQ2_XS block, Span<float> values)
    {
        var d = (float)block.Scale;
        for (var i = 0; i < 256; i++)
        {
            int code = BinaryPrimitives.ReadUInt16LittleEndian(((ReadOnlySpan<byte>)block.Codes)[(2 * (i / 8))..]);
            var nibble = (block.SubScaleNibbles[i / 32] >> (4 * (i % 32 / 16))) & 15;
            var scale = d * (0.5f + nibble) * 0.25f;
            values[i] = scale * GridCodes.Signed(CodeBooks.IQ2_XS[code & 511], GridCodes.WithParity(code >> 9), i % 8);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group)
    {
        var packed = *(ulong*)(block + 2 + (8 * group));
        var (low, high) = ((uint)packed, (uint)(packed >> 32));
        var grids = GridCodes.Four(CodeBooks.IQ2_XS, low & 511, (low >> 16) & 511, high & 511, (high >> 16) & 511);

        // The upper 7 bits of each u16, a byte each.
        var signs = (packed >> 9) & 0x007F007F007F007F;
        signs = (signs | (signs >> 8)) & 0x0000FFFF0000FFFF;
        return GridCodes.Negate(grids, GridCodes.WithParity((uint)(signs | (signs >> 16))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Scales(byte* block, nint stride) => Unpacking.GatherHalves(block, stride) * Vector256.Create(0.125f);

    public static unsafe Vector256<float> Mins(byte* block, nint stride) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<short> SubScales(byte* block) => GridCodes.OddNibbles(*(ulong*)(block + 66));

    public static unsafe Vector256<short> SubMins(byte* block) => default;
}
