using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes  field   (ggml-common.h, block_iq1_s)
// 0-1    d       half
// 2-33   qs      low bytes of 32 indices into CodeBooks.IQ1_S, one for 8 values
// 34-49  qh      8 u16, one for 32 values: upper 3 bits of 4 indices, 3 bits of scale, 1 bit: whether δ is −1/8, not +1/8
// y = d·(2s + 1)·(g + δ) = d/8·(2s + 1)·(8g ± 1)

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct IQ1_S : ISuperBlock<IQ1_S>
{
    public Half Scale;
    public Bytes32 Indices;
    public Bytes16 HighBits;

    public static DType DType => DType.IQ1_S;

    public static int Length => 256;

    public static bool IsSigned => true;

    public static int MaxCode => 9;

    public static int Offset => 0;

    public static bool HasMin => false;

    /// <summary>The shift of all values.</summary>
    internal const float Delta = 0.125f;

    public static void Decode(in IQ1_S block, Span<float> values)
    {
        var d = (float)block.Scale;
        for (var i = 0; i < 256; i++)
        {
            int high = BinaryPrimitives.ReadUInt16LittleEndian(((ReadOnlySpan<byte>)block.HighBits)[(2 * (i / 32))..]);
            var entry = CodeBooks.IQ1_S[block.Indices[i / 8] | (((high >> (3 * (i % 32 / 8))) & 7) << 8)];
            var scale = d * ((2 * ((high >> 12) & 7)) + 1);
            values[i] = scale * ((sbyte)(entry >> (8 * (i % 8))) + ((high & 0x8000) != 0 ? -Delta : Delta));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group)
    {
        var low = *(uint*)(block + 2 + (4 * group));
        uint high = *(ushort*)(block + 34 + (2 * group));
        var grids = GridCodes.Four(
            CodeBooks.IQ1_S,
            (low & 0xFF) | ((high << 8) & 0x700),
            ((low >> 8) & 0xFF) | ((high << 5) & 0x700),
            ((low >> 16) & 0xFF) | ((high << 2) & 0x700),
            (low >> 24) | ((high >> 1) & 0x700));
        return GridCodes.TimesEight(grids) + Vector256.Create((byte)(1 - ((high >> 14) & 2)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Scales(byte* block, nint stride) => Unpacking.GatherHalves(block, stride) * Vector256.Create(0.125f);

    public static unsafe Vector256<float> Mins(byte* block, nint stride) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<short> SubScales(byte* block) =>
        GridCodes.OddTwice((Unpacking.Widen(Vector128.Load((ushort*)(block + 34))).AsUInt32() >> 12) & Vector256.Create(7u));

    public static unsafe Vector256<short> SubMins(byte* block) => default;
}
