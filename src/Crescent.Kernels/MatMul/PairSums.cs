using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>
/// Sums of products in 16 bits to one 32-bit sum a row and 128-bit lane, with AVX2. Neighbours are added in 16 bits as long as they fit, which
/// the format's largest code decides: 32 bits take twice the vectors.
/// </summary>
internal static class PairSums
{
    /// <summary>Sums of two products each, of one row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Multiply<TBlock>(Vector256<byte> codes, Vector256<sbyte> input)
        where TBlock : IGroupCodes =>
        TBlock.IsSigned
            ? Avx2.MultiplyAddAdjacent(Avx2.Abs(codes.AsSByte()), Avx2.Sign(input, codes.AsSByte()))
            : Avx2.MultiplyAddAdjacent(codes, input);

    /// <summary>16 sums of each of 4 rows to one sum of the lower 8 and one of the upper 8: [rows 0-3 | rows 0-3].</summary>
    /// <param name="products">How many products of the format's codes each sum holds.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddFour<TBlock>(
        Vector256<short> row0, Vector256<short> row1, Vector256<short> row2, Vector256<short> row3, int products)
        where TBlock : IGroupCodes
    {
        if (!Fits<TBlock>(2 * products))
        {
            return AddPairs64(AddPairs32(Widen(row0), Widen(row1)), AddPairs32(Widen(row2), Widen(row3)));
        }

        var rows01 = AddPairs32(row0, row1);
        var rows23 = AddPairs32(row2, row3);
        return Fits<TBlock>(4 * products) ? Widen(AddPairs64(rows01, rows23)) : AddPairs64(Widen(rows01), Widen(rows23));
    }

    /// <summary>[rows 0-3 | rows 0-3] and [rows 4-7 | rows 4-7] to sums of 8 rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static HalfSums Halves(Vector256<int> rows03, Vector256<int> rows47) =>
        new(Avx2.Permute2x128(rows03, rows47, 0x20), Avx2.Permute2x128(rows03, rows47, 0x31));

    /// <summary>Whether that many products of codes and inputs fit 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Fits<TBlock>(int products)
        where TBlock : IGroupCodes => products * TBlock.MaxCode * 127 <= short.MaxValue;

    /// <summary>Interleaves pairs of 32-bit elements and adds them: [left right left right | left right left right].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> AddPairs32<T>(Vector256<T> left, Vector256<T> right) =>
        Avx2.UnpackLow(left.AsInt32(), right.AsInt32()).As<int, T>() + Avx2.UnpackHigh(left.AsInt32(), right.AsInt32()).As<int, T>();

    /// <summary>As <see cref="AddPairs32"/> for 64-bit elements: [left right | left right].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> AddPairs64<T>(Vector256<T> left, Vector256<T> right) =>
        Avx2.UnpackLow(left.AsInt64(), right.AsInt64()).As<long, T>() + Avx2.UnpackHigh(left.AsInt64(), right.AsInt64()).As<long, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen(Vector256<short> sums) => Avx2.MultiplyAddAdjacent(sums, Vector256<short>.One);
}
