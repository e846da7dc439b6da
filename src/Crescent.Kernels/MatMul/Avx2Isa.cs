using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>x86-64 with AVX2 and FMA.</summary>
internal readonly unsafe struct Avx2Isa : IIsa
{
    public static bool PacksBatches => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotRows<TBlock, TSubScales>(byte* block, nint stride, int group, sbyte* input, short* subScales)
        where TBlock : IGroupCodes
        where TSubScales : struct, ISubScales
    {
        var x = Vector256.Load(input);
        var upper = block + (4 * stride);
        var rows01 = Avx2.HorizontalAdd(
            DotRow<TBlock, TSubScales>(block, 0, group, x, subScales),
            DotRow<TBlock, TSubScales>(block + stride, 1, group, x, subScales));
        var rows23 = Avx2.HorizontalAdd(
            DotRow<TBlock, TSubScales>(block + (2 * stride), 2, group, x, subScales),
            DotRow<TBlock, TSubScales>(block + (3 * stride), 3, group, x, subScales));
        var rows03 = Avx2.HorizontalAdd(rows01, rows23);
        var rows45 = Avx2.HorizontalAdd(
            DotRow<TBlock, TSubScales>(upper, 4, group, x, subScales),
            DotRow<TBlock, TSubScales>(upper + stride, 5, group, x, subScales));
        var rows67 = Avx2.HorizontalAdd(
            DotRow<TBlock, TSubScales>(upper + (2 * stride), 6, group, x, subScales),
            DotRow<TBlock, TSubScales>(upper + (3 * stride), 7, group, x, subScales));
        var rows47 = Avx2.HorizontalAdd(rows45, rows67);

        // The low 128 bits of rows03 hold the sums over the first 16 values, the high ones those over the last.
        return Avx2.Permute2x128(rows03, rows47, 0x20) + Avx2.Permute2x128(rows03, rows47, 0x31);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAddPairs(Vector256<short> left, Vector256<short> right) => Avx2.MultiplyAddAdjacent(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> left, Vector256<float> right, Vector256<float> addend) =>
        Fma.MultiplyAdd(left, right, addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(int* source, int* target)
    {
        // Pairs of rows a and a+4 share a register, so that the 128-bit lanes need no crossing afterwards.
        var r04 = Rows(source, 0, 0);
        var r15 = Rows(source, 1, 0);
        var r26 = Rows(source, 2, 0);
        var r37 = Rows(source, 3, 0);
        Quarter(r04, r15, r26, r37, target);
        r04 = Rows(source, 0, 4);
        r15 = Rows(source, 1, 4);
        r26 = Rows(source, 2, 4);
        r37 = Rows(source, 3, 4);
        Quarter(r04, r15, r26, r37, target + 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Rows(int* source, int row, int column) =>
        Vector256.Create(Vector128.Load(source + (8 * row) + column), Vector128.Load(source + (8 * (row + 4)) + column));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quarter(Vector256<int> r04, Vector256<int> r15, Vector256<int> r26, Vector256<int> r37, int* target)
    {
        var low01 = Avx2.UnpackLow(r04, r15).AsInt64();
        var high01 = Avx2.UnpackHigh(r04, r15).AsInt64();
        var low23 = Avx2.UnpackLow(r26, r37).AsInt64();
        var high23 = Avx2.UnpackHigh(r26, r37).AsInt64();
        Avx2.UnpackLow(low01, low23).AsInt32().Store(target);
        Avx2.UnpackHigh(low01, low23).AsInt32().Store(target + 8);
        Avx2.UnpackLow(high01, high23).AsInt32().Store(target + 16);
        Avx2.UnpackHigh(high01, high23).AsInt32().Store(target + 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> DotRow<TBlock, TSubScales>(byte* block, int row, int group, Vector256<sbyte> input, short* subScales)
        where TBlock : IGroupCodes
        where TSubScales : struct, ISubScales
    {
        var codes = TBlock.Unpack(block, group);
        var pairs = TBlock.IsSigned
            ? Avx2.MultiplyAddAdjacent(Avx2.Abs(codes.AsSByte()), Avx2.Sign(input, codes.AsSByte()))
            : Avx2.MultiplyAddAdjacent(codes, input);
        return Avx2.MultiplyAddAdjacent(pairs, TSubScales.Load(subScales, row, group));
    }
}
