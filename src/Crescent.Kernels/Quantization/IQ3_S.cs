using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes    field   (ggml-common.h, block_iq3_s)
// 0-1      d       half
// 2-65     qs      low bytes of 64 indices into CodeBooks.IQ3_S, one for 4 values
// 66-73    qh      their ninth bits: bit k of byte g belongs to index 8g + k
// 74-105   signs   a bit a value
// 106-109  scales  8 nibbles, one for 32 values, the low one first
// y = ±d·(2s + 1)·g

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct IQ3_S : ISuperBlock<IQ3_S>
{
    public Half Scale;
    public Bytes64 Indices;
    public Bytes8 HighBits;
    public Bytes32 Signs;
    public Bytes4 SubScaleNibbles;

    public static DType DType => DType.IQ3_S;

    public static int Length => 256;

    public static bool IsSigned => true;

    public static int MaxCode => 15;

    public static int Offset => 0;

    public static bool HasMin => false;

    public static void Decode(in IQ3_S block, Span<float> values)
    {
        var d = (float)block.Scale;
        for (var i = 0; i < 256; i++)
        {
            var group = i / 32;
            var high = (block.HighBits[group] >> (i % 32 / 4)) & 1;
            var entry = CodeBooks.IQ3_S[block.Indices[i / 4] | (high << 8)];
            var nibble = (block.SubScaleNibbles[group / 2] >> (4 * (group & 1))) & 15;
            values[i] = d * (1 + (2 * nibble)) * GridCodes.Signed(entry, block.Signs[i / 8] >> (i & 4), i % 4);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group)
    {
        var grids = GridCodes.Eight(CodeBooks.IQ3_S, *(ulong*)(block + 2 + (8 * group)), block[66 + group]);
        return GridCodes.Negate(grids, *(uint*)(block + 74 + (4 * group)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Scales(byte* block, nint stride) => Unpacking.GatherHalves(block, stride);

    public static unsafe Vector256<float> Mins(byte* block, nint stride) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<short> SubScales(byte* block)
    {
        var nibbles = Unpacking.SpreadNibbles(*(uint*)(block + 106));
        return Unpacking.WidenTwice(nibbles + nibbles + 0x0101010101010101);
    }

    public static unsafe Vector256<short> SubMins(byte* block) => default;
}
