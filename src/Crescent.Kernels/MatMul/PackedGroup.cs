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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
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

    /// <summary>Σ code·input·scale over the group, in 32 bits. Lane = row. The codes are the 8 vectors of a packed group.</summary>
    /// <param name="first">Scales of the first 16 columns: each row's twice.</param>
    /// <param name="last">Scales of the last 16 columns.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot<TBlock>(
        Vector256<byte> c0,
        Vector256<byte> c1,
        Vector256<byte> c2,
        Vector256<byte> c3,
        Vector256<byte> c4,
        Vector256<byte> c5,
        Vector256<byte> c6,
        Vector256<byte> c7,
        sbyte* input,
        Vector256<short> first,
        Vector256<short> last)
        where TBlock : IGroupCodes
    {
        if (TBlock.MaxCode <= 32)
        {
            // Four sums of two products fit 16 bits: 4 · 2 · 32 · 127 < 2^15.
            var low = (Products<TBlock>(c0, input) + Products<TBlock>(c1, input + 4)) + (Products<TBlock>(c2, input + 8) + Products<TBlock>(c3, input + 12));
            var high = (Products<TBlock>(c4, input + 16) + Products<TBlock>(c5, input + 20)) + (Products<TBlock>(c6, input + 24) + Products<TBlock>(c7, input + 28));
            return Avx2.MultiplyAddAdjacent(low, first) + Avx2.MultiplyAddAdjacent(high, last);
        }

        if (TBlock.MaxCode <= 64)
        {
            // Two fit.
            var s01 = Avx2.MultiplyAddAdjacent(Products<TBlock>(c0, input) + Products<TBlock>(c1, input + 4), first);
            var s23 = Avx2.MultiplyAddAdjacent(Products<TBlock>(c2, input + 8) + Products<TBlock>(c3, input + 12), first);
            var s45 = Avx2.MultiplyAddAdjacent(Products<TBlock>(c4, input + 16) + Products<TBlock>(c5, input + 20), last);
            var s67 = Avx2.MultiplyAddAdjacent(Products<TBlock>(c6, input + 24) + Products<TBlock>(c7, input + 28), last);
            return (s01 + s23) + (s45 + s67);
        }

        var s0 = Avx2.MultiplyAddAdjacent(Products<TBlock>(c0, input), first) + Avx2.MultiplyAddAdjacent(Products<TBlock>(c1, input + 4), first);
        var s2 = Avx2.MultiplyAddAdjacent(Products<TBlock>(c2, input + 8), first) + Avx2.MultiplyAddAdjacent(Products<TBlock>(c3, input + 12), first);
        var s4 = Avx2.MultiplyAddAdjacent(Products<TBlock>(c4, input + 16), last) + Avx2.MultiplyAddAdjacent(Products<TBlock>(c5, input + 20), last);
        var s6 = Avx2.MultiplyAddAdjacent(Products<TBlock>(c6, input + 24), last) + Avx2.MultiplyAddAdjacent(Products<TBlock>(c7, input + 28), last);
        return (s0 + s2) + (s4 + s6);
    }

    /// <summary>As <see cref="Dot"/> where all scales are 1: up to 8 sums before they are widened.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot<TBlock>(
        Vector256<byte> c0,
        Vector256<byte> c1,
        Vector256<byte> c2,
        Vector256<byte> c3,
        Vector256<byte> c4,
        Vector256<byte> c5,
        Vector256<byte> c6,
        Vector256<byte> c7,
        sbyte* input)
        where TBlock : IGroupCodes
    {
        var one = Vector256<short>.One;
        if (TBlock.MaxCode > 16)
        {
            return Dot<TBlock>(c0, c1, c2, c3, c4, c5, c6, c7, input, one, one);
        }

        var low = (Products<TBlock>(c0, input) + Products<TBlock>(c1, input + 4)) + (Products<TBlock>(c2, input + 8) + Products<TBlock>(c3, input + 12));
        var high = (Products<TBlock>(c4, input + 16) + Products<TBlock>(c5, input + 20)) + (Products<TBlock>(c6, input + 24) + Products<TBlock>(c7, input + 28));
        return Avx2.MultiplyAddAdjacent(low + high, one);
    }

    // Sums of two products: |code| ≤ 128 and |input| ≤ 127 keep them inside 16 bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Products<TBlock>(Vector256<byte> codes, sbyte* input)
        where TBlock : IGroupCodes
    {
        var x = Vector256.Create(*(int*)input).AsSByte();
        return TBlock.IsSigned
            ? Avx2.MultiplyAddAdjacent(Avx2.Abs(codes.AsSByte()), Avx2.Sign(x, codes.AsSByte()))
            : Avx2.MultiplyAddAdjacent(codes, x);
    }
}
