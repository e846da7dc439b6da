using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

// bytes  field   (ggml-common.h, block_iq3_xxs)
// 0-1    d       half
// 2-65   qs      64 indices into CodeBooks.IQ3_XXS, one for 4 values
// 66-97  gas     8 u32, one for 32 values: 4 × 7 sign bits (GridCodes.WithParity), 4 bits of scale
// y = ±d·(2s + 1)/4·g

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct IQ3_XXS : ISuperBlock<IQ3_XXS>
{
    public Half Scale;
    public Bytes64 Indices;
    public Bytes32 SignsAndScales;

    public static DType DType => DType.IQ3_XXS;

    public static int Length => 256;

    public static bool IsSigned => true;

    public static int MaxCode => 62;

    public static int Offset => 0;

    public static bool HasMin => false;

    public static void Decode(in IQ3_XXS block, Span<float> values)
    {
        var d = (float)block.Scale;
        for (var i = 0; i < 256; i++)
        {
            var packed = BinaryPrimitives.ReadUInt32LittleEndian(((ReadOnlySpan<byte>)block.SignsAndScales)[(4 * (i / 32))..]);
            var scale = d * (0.5f + (packed >> 28)) * 0.5f;
            var signs = GridCodes.WithParity((int)(packed >> (7 * (i % 32 / 8))) & 127);
            values[i] = scale * GridCodes.Signed(CodeBooks.IQ3_XXS[block.Indices[i / 4]], signs >> (i & 4), i % 4);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<byte> Unpack(byte* block, int group)
    {
        var grids = GridCodes.Eight(CodeBooks.IQ3_XXS, *(ulong*)(block + 2 + (8 * group)), 0);
        return GridCodes.Negate(grids, GridCodes.WithParity(GridCodes.SpreadSevens(*(uint*)(block + 66 + (4 * group)))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Scales(byte* block, nint stride) => Unpacking.GatherHalves(block, stride) * Vector256.Create(0.25f);

    public static unsafe Vector256<float> Mins(byte* block, nint stride) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<short> SubScales(byte* block) => GridCodes.OddTwice(Vector256.Load((uint*)(block + 66)) >> 28);

    public static unsafe Vector256<short> SubMins(byte* block) => default;
}
