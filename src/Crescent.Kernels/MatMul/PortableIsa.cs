using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>128-bit vectors that every platform has. Written for correctness first: one row after the other.</summary>
internal readonly unsafe struct PortableIsa : IIsa
{
    public static IsaLevel Level => IsaLevel.Portable;

    public static bool PacksBatches => false;

    public static HalfSums DotHalves<TBlock>(byte* block, nint stride, int group, sbyte* input)
        where TBlock : IGroupCodes
    {
        var first = Vector128.Load(input);
        var last = Vector128.Load(input + 16);
        var sums = stackalloc int[16];
        for (var row = 0; row < 8; row++)
        {
            var codes = TBlock.Unpack(block + (row * stride), group);
            sums[row] = Dot<TBlock>(codes.GetLower(), first);
            sums[8 + row] = Dot<TBlock>(codes.GetUpper(), last);
        }

        return new HalfSums(Vector256.Load(sums), Vector256.Load(sums + 8));
    }

    public static bool PairsBlocks => false;

    public static HalfSums DotTwoBlocks<TBlock>(byte* blocks, nint stride, QuantizedGroup* input)
        where TBlock : unmanaged, IBlock32<TBlock> => throw new UnreachableException();

    public static void Prefetch(byte* address, int bytes)
    {
        // No portable instruction asks for it.
    }

    public static Vector256<int> MultiplyAddPairs(Vector256<short> left, Vector256<short> right)
    {
        var a = left.AsInt32();
        var b = right.AsInt32();
        return (((a << 16) >> 16) * ((b << 16) >> 16)) + ((a >> 16) * (b >> 16));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> left, Vector256<float> right, Vector256<float> addend) =>
        Vector256.MultiplyAddEstimate(left, right, addend);

    public static void Transpose(int* source, int* target)
    {
        for (var row = 0; row < 8; row++)
        {
            for (var column = 0; column < 8; column++)
            {
                target[(8 * column) + row] = source[(8 * row) + column];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Dot<TBlock>(Vector128<byte> codes, Vector128<sbyte> input)
        where TBlock : IGroupCodes
    {
        // A product of 8-bit numbers fits 16 bits.
        var low = TBlock.IsSigned ? Vector128.WidenLower(codes.AsSByte()) : Vector128.WidenLower(codes).AsInt16();
        var high = TBlock.IsSigned ? Vector128.WidenUpper(codes.AsSByte()) : Vector128.WidenUpper(codes).AsInt16();
        low *= Vector128.WidenLower(input);
        high *= Vector128.WidenUpper(input);
        return Vector128.Sum(
            Vector128.WidenLower(low) + Vector128.WidenUpper(low) + Vector128.WidenLower(high) + Vector128.WidenUpper(high));
    }
}
