using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes  field   (ggml-common.h, block_iq1_m)
// 0-31   qs      low bytes of 32 indices into CodeBooks.IQ1_S, one for 8 values
// 32-47  qh      32 nibbles, one for 8 values, the low one first: upper 3 bits of the index, 1 bit: whether δ is −1/8, not +1/8
// 48-55  scales  4 u16, one for 64 values: 4 scales of 3 bits, one for 16 values; the upper nibbles are the half d, the lowest first
// y = d·(2s + 1)·(g + δ) = d/8·(2s + 1)·(8g ± 1)

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct IQ1_M : ISuperBlock<IQ1_M>
{
    public Bytes32 Indices;
    public Bytes16 HighNibbles;
    public Bytes8 SubScaleBits;

    public static DType DType => DType.IQ1_M;

    public static int Length => 256;

    public static bool IsSigned => true;

    public static int MaxCode => 9;

    public static int Offset => 0;

    public static bool HasMin => false;

    public static void Decode(in IQ1_M block, Span<float> values)
    {
        var scales = BinaryPrimitives.ReadUInt64LittleEndian(block.SubScaleBits);
        var d = (float)BitConverter.UInt16BitsToHalf(ScaleBits(scales));
        for (var i = 0; i < 256; i++)
        {
            var high = (block.HighNibbles[i / 16] >> (4 * (i % 16 / 8))) & 15;
            var entry = CodeBooks.IQ1_S[block.Indices[i / 8] | ((high & 7) << 8)];
            var scale = d * ((2 * ((int)(scales >> ((16 * (i / 64)) + (3 * (i % 64 / 16)))) & 7)) + 1);
            values[i] = scale * ((sbyte)(entry >> (8 * (i % 8))) + ((high & 8) != 0 ? -IQ1_S.Delta : IQ1_S.Delta));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group)
    {
        var low = *(uint*)(block + (4 * group));
        uint high = *(ushort*)(block + 32 + (2 * group));
        var grids = GridCodes.Four(
            CodeBooks.IQ1_S,
            (low & 0xFF) | ((high << 8) & 0x700),
            ((low >> 8) & 0xFF) | ((high << 4) & 0x700),
            ((low >> 16) & 0xFF) | (high & 0x700),
            (low >> 24) | ((high >> 4) & 0x700));

        // 8 bytes of −1 where the top bit of the nibble is set, else of 1.
        var bits = Vector256.Create(0x8UL, 0x80UL, 0x800UL, 0x8000UL);
        var shifts = Vector256.Equals(Vector256.Create((ulong)high) & bits, bits).AsByte() | Vector256<byte>.One;
        return GridCodes.TimesEight(grids) + shifts;
    }

    public static unsafe Vector256<float> Scales(byte* block, nint stride)
    {
        var halves = Vector128.Create(
            ScaleOf(block),
            ScaleOf(block + stride),
            ScaleOf(block + (2 * stride)),
            ScaleOf(block + (3 * stride)),
            ScaleOf(block + (4 * stride)),
            ScaleOf(block + (5 * stride)),
            ScaleOf(block + (6 * stride)),
            ScaleOf(block + (7 * stride)));
        return Unpacking.HalfToSingle(halves) * Vector256.Create(0.125f);
    }

    public static unsafe Vector256<float> Mins(byte* block, nint stride) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<short> SubScales(byte* block)
    {
        // Each u16 four times; the products bring each field to the top of its element.
        var bits = Vector128.CreateScalar(*(ulong*)(block + 48)).AsByte();
        var fields = Vector256.Create(
            Vector128.Shuffle(bits, Vector128.Create((byte)0, 1, 0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3, 2, 3)),
            Vector128.Shuffle(bits, Vector128.Create((byte)4, 5, 4, 5, 4, 5, 4, 5, 6, 7, 6, 7, 6, 7, 6, 7))).AsUInt16();
        var scales = (fields * Vector256.Create(0x0010_0080_0400_2000UL).AsUInt16()) >> 13;
        return ((scales << 1) | Vector256<ushort>.One).AsInt16();
    }

    public static unsafe Vector256<short> SubMins(byte* block) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe ushort ScaleOf(byte* block) => ScaleBits(*(ulong*)(block + 48));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ushort ScaleBits(ulong scales) =>
        (ushort)(((scales >> 12) & 0xF) | ((scales >> 24) & 0xF0) | ((scales >> 36) & 0xF00) | ((scales >> 48) & 0xF000));
}
