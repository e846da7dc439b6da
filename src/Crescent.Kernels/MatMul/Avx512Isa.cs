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
    public static HalfSums DotHalves<TBlock>(byte* block, nint stride, int group, sbyte* input)
        where TBlock : IGroupCodes
    {
        var half = Vector256.Load(input);
        var x = Avx512Steps.Join(half, half);
        return Add<TBlock>(
            DotTwo<TBlock>(block, stride, group, x),
            DotTwo<TBlock>(block + stride, stride, group, x),
            DotTwo<TBlock>(block + (2 * stride), stride, group, x),
            DotTwo<TBlock>(block + (3 * stride), stride, group, x),
            2);
    }

    public static bool PairsBlocks => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static HalfSums DotTwoBlocks<TBlock>(byte* blocks, nint stride, QuantizedGroup* input)
        where TBlock : unmanaged, IBlock32<TBlock>
    {
        Avx2Isa.LoadByNibbles<TBlock>(input, out var low, out var high);
        var lows = Avx512Steps.Join(low, low);
        var highs = Avx512Steps.Join(high, high);
        var nibbles = blocks + TBlock.NibblePosition;
        return Add<TBlock>(
            DotFour<TBlock>(nibbles, stride, lows, highs),
            DotFour<TBlock>(nibbles + stride, stride, lows, highs),
            DotFour<TBlock>(nibbles + (2 * stride), stride, lows, highs),
            DotFour<TBlock>(nibbles + (3 * stride), stride, lows, highs),
            4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* address, int bytes) => Avx2Isa.Prefetch(address, bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAddPairs(Vector256<short> left, Vector256<short> right) => Avx2.MultiplyAddAdjacent(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> left, Vector256<float> right, Vector256<float> addend) =>
        Fma.MultiplyAdd(left, right, addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(int* source, int* target) => Avx2Isa.Transpose(source, target);

    // Rows r and r + 4 of a group: sums of two products.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> DotTwo<TBlock>(byte* block, nint stride, int group, Vector512<sbyte> input)
        where TBlock : IGroupCodes
    {
        var codes = Avx512Steps.Join(TBlock.Unpack(block, group), TBlock.Unpack(block + (4 * stride), group));
        return TBlock.IsSigned
            ? Avx512Steps.MultiplyAddAdjacent(Avx512Steps.Magnitude(codes.AsSByte()), Avx512Steps.ApplySign(input, codes.AsSByte()))
            : Avx512Steps.MultiplyAddAdjacent(codes, input);
    }

    // Rows r and r + 4 of two blocks of nibbles: sums of four products.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> DotFour<TBlock>(byte* nibbles, nint stride, Vector512<sbyte> low, Vector512<sbyte> high)
        where TBlock : unmanaged, IBlock32<TBlock>
    {
        var upper = nibbles + (4 * stride);
        var packed = Avx512Steps.Join(
            Vector256.Create(Vector128.Load(nibbles), Vector128.Load(nibbles + sizeof(TBlock))),
            Vector256.Create(Vector128.Load(upper), Vector128.Load(upper + sizeof(TBlock))));
        var mask = Vector512.Create((byte)15);
        return Avx512Steps.MultiplyAddAdjacent(packed & mask, low)
            + Avx512Steps.MultiplyAddAdjacent((packed.AsUInt16() >> 4).AsByte() & mask, high);
    }

    // As PairSums.AddFour for rows [r | r + 4].
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static HalfSums Add<TBlock>(
        Vector512<short> rows04, Vector512<short> rows15, Vector512<short> rows26, Vector512<short> rows37, int products)
        where TBlock : IGroupCodes
    {
        Vector512<int> all; // [0 1 2 3 | 0 1 2 3 | 4 5 6 7 | 4 5 6 7]
        if (!PairSums.Fits<TBlock>(2 * products))
        {
            all = Avx512Steps.AddPairs64(
                Avx512Steps.AddPairs32(Avx512Steps.Widen(rows04), Avx512Steps.Widen(rows15)),
                Avx512Steps.AddPairs32(Avx512Steps.Widen(rows26), Avx512Steps.Widen(rows37)));
        }
        else
        {
            var rows0145 = Avx512Steps.AddPairs32(rows04, rows15);
            var rows2367 = Avx512Steps.AddPairs32(rows26, rows37);
            all = PairSums.Fits<TBlock>(4 * products)
                ? Avx512Steps.Widen(Avx512Steps.AddPairs64(rows0145, rows2367))
                : Avx512Steps.AddPairs64(Avx512Steps.Widen(rows0145), Avx512Steps.Widen(rows2367));
        }

        return PairSums.Halves(all.GetLower(), all.GetUpper());
    }
}
