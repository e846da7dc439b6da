using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>x86-64 with AVX-512 F, BW, DQ and VL: two rows a register. Where the processor lacks it, each step is two AVX2 halves, so that tests run anywhere.</summary>
internal readonly unsafe struct Avx512Isa : IIsa
{
    public static IsaLevel Level => IsaLevel.Avx512;

    public static bool PacksBatches => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotRows<TBlock, TSubScales>(byte* block, nint stride, int group, sbyte* input, short* subScales)
        where TBlock : IGroupCodes
        where TSubScales : struct, ISubScales
    {
        var half = Vector256.Load(input);
        var x = Vector512.Create(half, half);
        var rows04 = DotTwo<TBlock, TSubScales>(block, stride, 0, group, x, subScales);
        var rows15 = DotTwo<TBlock, TSubScales>(block + stride, stride, 1, group, x, subScales);
        var rows26 = DotTwo<TBlock, TSubScales>(block + (2 * stride), stride, 2, group, x, subScales);
        var rows37 = DotTwo<TBlock, TSubScales>(block + (3 * stride), stride, 3, group, x, subScales);

        // Two rounds of interleave-and-add leave one row a 32-bit lane: [0 1 2 3 | 0 1 2 3 | 4 5 6 7 | 4 5 6 7].
        var rows0145 = Avx512Steps.UnpackLow32(rows04, rows15) + Avx512Steps.UnpackHigh32(rows04, rows15);
        var rows2367 = Avx512Steps.UnpackLow32(rows26, rows37) + Avx512Steps.UnpackHigh32(rows26, rows37);
        var all = Avx512Steps.UnpackLow64(rows0145, rows2367) + Avx512Steps.UnpackHigh64(rows0145, rows2367);
        var low = all.GetLower();
        var high = all.GetUpper();
        return Avx2.Permute2x128(low, high, 0x20) + Avx2.Permute2x128(low, high, 0x31);
    }

    public static bool PairsNibbles => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotHalves<TBlock>(byte* block, nint stride, int group, sbyte* input)
        where TBlock : IGroupCodes => Avx2Isa.DotHalves<TBlock>(block, stride, group, input);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> DotNibbles<TBlock>(byte* nibbles, nint blockBytes, nint stride, QuantizedGroup* input)
        where TBlock : unmanaged, IBlock32<TBlock> =>
        Avx2Isa.DotNibbles<TBlock>(nibbles, blockBytes, stride, input);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* address, int bytes) => Avx2Isa.Prefetch(address, bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAddPairs(Vector256<short> left, Vector256<short> right) => Avx2.MultiplyAddAdjacent(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> left, Vector256<float> right, Vector256<float> addend) =>
        Fma.MultiplyAdd(left, right, addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(int* source, int* target) => Avx2Isa.Transpose(source, target);

    // Rows r and r + 4.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> DotTwo<TBlock, TSubScales>(byte* block, nint stride, int row, int group, Vector512<sbyte> input, short* subScales)
        where TBlock : IGroupCodes
        where TSubScales : struct, ISubScales
    {
        var codes = Vector512.Create(TBlock.Unpack(block, group), TBlock.Unpack(block + (4 * stride), group));
        var scales = Vector512.Create(TSubScales.Load(subScales, row, group), TSubScales.Load(subScales, row + 4, group));
        var pairs = TBlock.IsSigned
            ? Avx512Steps.MultiplyAddAdjacent(Avx512Steps.Magnitude(codes.AsSByte()), Avx512Steps.ApplySign(input, codes.AsSByte()))
            : Avx512Steps.MultiplyAddAdjacent(codes, input);
        return Avx512Steps.MultiplyAddAdjacent(pairs, scales);
    }
}

/// <summary>One instruction each with AVX-512, else two AVX2 halves with the same result.</summary>
internal static class Avx512Steps
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> MultiplyAddAdjacent(Vector512<byte> left, Vector512<sbyte> right) =>
        Avx512BW.IsSupported
            ? Avx512BW.MultiplyAddAdjacent(left, right)
            : Vector512.Create(
                Avx2.MultiplyAddAdjacent(left.GetLower(), right.GetLower()), Avx2.MultiplyAddAdjacent(left.GetUpper(), right.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplyAddAdjacent(Vector512<short> left, Vector512<short> right) =>
        Avx512BW.IsSupported
            ? Avx512BW.MultiplyAddAdjacent(left, right)
            : Vector512.Create(
                Avx2.MultiplyAddAdjacent(left.GetLower(), right.GetLower()), Avx2.MultiplyAddAdjacent(left.GetUpper(), right.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> UnpackLow32(Vector512<int> left, Vector512<int> right) =>
        Avx512F.IsSupported
            ? Avx512F.UnpackLow(left, right)
            : Vector512.Create(Avx2.UnpackLow(left.GetLower(), right.GetLower()), Avx2.UnpackLow(left.GetUpper(), right.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> UnpackHigh32(Vector512<int> left, Vector512<int> right) =>
        Avx512F.IsSupported
            ? Avx512F.UnpackHigh(left, right)
            : Vector512.Create(Avx2.UnpackHigh(left.GetLower(), right.GetLower()), Avx2.UnpackHigh(left.GetUpper(), right.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> UnpackLow64(Vector512<int> left, Vector512<int> right) =>
        Avx512F.IsSupported
            ? Avx512F.UnpackLow(left.AsInt64(), right.AsInt64()).AsInt32()
            : Vector512.Create(
                Avx2.UnpackLow(left.GetLower().AsInt64(), right.GetLower().AsInt64()),
                Avx2.UnpackLow(left.GetUpper().AsInt64(), right.GetUpper().AsInt64())).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> UnpackHigh64(Vector512<int> left, Vector512<int> right) =>
        Avx512F.IsSupported
            ? Avx512F.UnpackHigh(left.AsInt64(), right.AsInt64()).AsInt32()
            : Vector512.Create(
                Avx2.UnpackHigh(left.GetLower().AsInt64(), right.GetLower().AsInt64()),
                Avx2.UnpackHigh(left.GetUpper().AsInt64(), right.GetUpper().AsInt64())).AsInt32();

    /// <summary>|value| as an unsigned byte: −128 gives 128.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Magnitude(Vector512<sbyte> values) =>
        Avx512BW.IsSupported
            ? Avx512BW.Abs(values)
            : Vector512.Create(Avx2.Abs(values.GetLower()), Avx2.Abs(values.GetUpper()));

    /// <summary>The values, negated where the sign is negative. (Where it is 0 the other factor is 0 too.)</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<sbyte> ApplySign(Vector512<sbyte> values, Vector512<sbyte> signs) =>
        Vector512.ConditionalSelect(Vector512.LessThan(signs, Vector512<sbyte>.Zero), Vector512<sbyte>.Zero - values, values);
}
