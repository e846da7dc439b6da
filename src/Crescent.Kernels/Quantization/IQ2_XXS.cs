using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes  field   (ggml-common.h, block_iq2_xxs)
// 0-1    d       half
// 2-65   qs      8 bytes for 32 values: 4 indices into CodeBooks.IQ2_XXS; 4 × 7 sign bits (GridCodes.WithParity), 4 bits of scale
// y = ±d·(2s + 1)/8·g

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct IQ2_XXS : ISuperBlock<IQ2_XXS>
{
    public Half Scale;
    public Bytes64 Groups;

    public static DType DType => DType.IQ2_XXS;

    public static int Length => 256;

    public static bool IsSigned => true;

    public static int MaxCode => 43;

    public static int Offset => 0;

    public static bool HasMin => false;

    public static void Decode(in IQ2_XXS block, Span<float> values)
    {
        var d = (float)block.Scale;
        for (var i = 0; i < 256; i++)
        {
            var group = ((ReadOnlySpan<byte>)block.Groups).Slice(8 * (i / 32), 8);
            var part = i % 32 / 8;
            var packed = BinaryPrimitives.ReadUInt32LittleEndian(group[4..]);
            var scale = d * (0.5f + (packed >> 28)) * 0.25f;
            var signs = GridCodes.WithParity((int)(packed >> (7 * part)) & 127);
            values[i] = scale * GridCodes.Signed(CodeBooks.IQ2_XXS[group[part]], signs, i % 8);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group)
    {
        var packed = *(ulong*)(block + 2 + (8 * group));
        var indices = (uint)packed;
        var grids = GridCodes.Four(CodeBooks.IQ2_XXS, indices & 0xFF, (indices >> 8) & 0xFF, (indices >> 16) & 0xFF, indices >> 24);
        return GridCodes.Negate(grids, GridCodes.WithParity(GridCodes.SpreadSevens((uint)(packed >> 32))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Scales(byte* block, nint stride) => Unpacking.GatherHalves(block, stride) * Vector256.Create(0.125f);

    public static unsafe Vector256<float> Mins(byte* block, nint stride) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<short> SubScales(byte* block) =>
        GridCodes.OddTwice(Vector256.Narrow(Vector256.Load((ulong*)(block + 2)) >> 60, Vector256.Load((ulong*)(block + 34)) >> 60));

    public static unsafe Vector256<short> SubMins(byte* block) => default;
}
