using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes  field   (ggml-common.h, block_iq2_s)
// 0-1    d       half
// 2-33   qs      low bytes of 32 indices into CodeBooks.IQ2_S, one for 8 values
// 34-65  signs   a bit a value
// 66-73  qh      upper two bits of the indices: bits 2l of byte g belong to index 4g + l
// 74-81  scales  16 nibbles, one for 16 values, the low one first
// y = ±d·(2s + 1)/8·g

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct IQ2_S : ISuperBlock<IQ2_S>
{
    public Half Scale;
    public Bytes32 Indices;
    public Bytes32 Signs;
    public Bytes8 HighBits;
    public Bytes8 SubScaleNibbles;

    public static DType DType => DType.IQ2_S;

    public static int Length => 256;

    public static bool IsSigned => true;

    public static int MaxCode => 43;

    public static int Offset => 0;

    public static bool HasMin => false;

    public static void Decode(in IQ2_S block, Span<float> values)
    {
        var d = (float)block.Scale;
        for (var i = 0; i < 256; i++)
        {
            var high = (block.HighBits[i / 32] >> (2 * (i % 32 / 8))) & 3;
            var entry = CodeBooks.IQ2_S[block.Indices[i / 8] | (high << 8)];
            var nibble = (block.SubScaleNibbles[i / 32] >> (4 * (i % 32 / 16))) & 15;
            var scale = d * (0.5f + nibble) * 0.25f;
            values[i] = scale * GridCodes.Signed(entry, block.Signs[i / 8], i % 8);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group)
    {
        var low = *(uint*)(block + 2 + (4 * group));
        uint high = block[66 + group];
        var grids = GridCodes.Four(
            CodeBooks.IQ2_S,
            (low & 0xFF) | ((high << 8) & 0x300),
            ((low >> 8) & 0xFF) | ((high << 6) & 0x300),
            ((low >> 16) & 0xFF) | ((high << 4) & 0x300),
            (low >> 24) | ((high << 2) & 0x300));
        return GridCodes.Negate(grids, *(uint*)(block + 34 + (4 * group)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Scales(byte* block, nint stride) => Unpacking.GatherHalves(block, stride) * Vector256.Create(0.125f);

    public static unsafe Vector256<float> Mins(byte* block, nint stride) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<short> SubScales(byte* block) => GridCodes.OddNibbles(*(ulong*)(block + 74));

    public static unsafe Vector256<short> SubMins(byte* block) => default;
}
