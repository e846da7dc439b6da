using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>
/// A group of 32 columns of 8 rows, unpacked once for many input rows: [8, 8 rows, 4] codes, so that a vector of 4 columns of all rows meets 4
/// input codes in every lane and no sum crosses lanes.
/// </summary>
internal static unsafe class PackedGroup
{
    /// <summary>Bytes of the codes.</summary>
    public const int Bytes = 256;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    public static void Pack<TBlock, TIsa>(byte* block, nint stride, int group, byte* packed)
        where TBlock : IGroupCodes
        where TIsa : struct, IIsa
    {
        var rows = stackalloc byte[Bytes];
        for (var row = 0; row < 8; row++)
        {
            TBlock.Unpack(block + (row * stride), group).Store(rows + (32 * row));
        }

        TIsa.Transpose((int*)rows, (int*)packed);
    }

    /// <summary>Σ code·input·scale over the group, in 32 bits. Lane = row.</summary>
    /// <param name="first">Scales of the first 16 columns: each row's twice.</param>
    /// <param name="last">Scales of the last 16 columns.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot<TBlock>(byte* packed, sbyte* input, Vector256<short> first, Vector256<short> last)
        where TBlock : IGroupCodes
    {
        if (TBlock.MaxCode <= 32)
        {
            // Four sums of two products fit 16 bits: 4 · 2 · 32 · 127 < 2^15.
            return Avx2.MultiplyAddAdjacent(Two<TBlock>(packed, input, 0) + Two<TBlock>(packed, input, 2), first)
                + Avx2.MultiplyAddAdjacent(Two<TBlock>(packed, input, 4) + Two<TBlock>(packed, input, 6), last);
        }

        if (TBlock.MaxCode <= 64)
        {
            // Two fit.
            return Avx2.MultiplyAddAdjacent(Two<TBlock>(packed, input, 0), first)
                + Avx2.MultiplyAddAdjacent(Two<TBlock>(packed, input, 2), first)
                + Avx2.MultiplyAddAdjacent(Two<TBlock>(packed, input, 4), last)
                + Avx2.MultiplyAddAdjacent(Two<TBlock>(packed, input, 6), last);
        }

        return Avx2.MultiplyAddAdjacent(Products<TBlock>(packed, input, 0), first)
            + Avx2.MultiplyAddAdjacent(Products<TBlock>(packed, input, 1), first)
            + Avx2.MultiplyAddAdjacent(Products<TBlock>(packed, input, 2), first)
            + Avx2.MultiplyAddAdjacent(Products<TBlock>(packed, input, 3), first)
            + Avx2.MultiplyAddAdjacent(Products<TBlock>(packed, input, 4), last)
            + Avx2.MultiplyAddAdjacent(Products<TBlock>(packed, input, 5), last)
            + Avx2.MultiplyAddAdjacent(Products<TBlock>(packed, input, 6), last)
            + Avx2.MultiplyAddAdjacent(Products<TBlock>(packed, input, 7), last);
    }

    /// <summary>As the other overload where all scales are 1: up to 8 sums before they are widened.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot<TBlock>(byte* packed, sbyte* input)
        where TBlock : IGroupCodes
    {
        var one = Vector256<short>.One;
        if (TBlock.MaxCode > 16)
        {
            return Dot<TBlock>(packed, input, one, one);
        }

        var products = Two<TBlock>(packed, input, 0) + Two<TBlock>(packed, input, 2) + Two<TBlock>(packed, input, 4) + Two<TBlock>(packed, input, 6);
        return Avx2.MultiplyAddAdjacent(products, one);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Two<TBlock>(byte* packed, sbyte* input, int index)
        where TBlock : IGroupCodes => Products<TBlock>(packed, input, index) + Products<TBlock>(packed, input, index + 1);

    // Sums of two products: |code| ≤ 128 and |input| ≤ 127 keep them inside 16 bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Products<TBlock>(byte* packed, sbyte* input, int index)
        where TBlock : IGroupCodes
    {
        var codes = Vector256.Load(packed + (32 * index));
        var x = Vector256.Create(*(int*)(input + (4 * index))).AsSByte();
        return TBlock.IsSigned
            ? Avx2.MultiplyAddAdjacent(Avx2.Abs(codes.AsSByte()), Avx2.Sign(x, codes.AsSByte()))
            : Avx2.MultiplyAddAdjacent(codes, x);
    }
}
