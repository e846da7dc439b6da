using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>x86-64 with AVX2 and FMA.</summary>
internal readonly unsafe struct Avx2Isa : IIsa
{
    public static IsaLevel Level => IsaLevel.Avx2;

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

    public static bool PairsNibbles => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotHalves<TBlock>(byte* block, nint stride, int group, sbyte* input)
        where TBlock : IGroupCodes
    {
        var x = Vector256.Load(input);
        var upper = block + (4 * stride);
        var rows03 = AddRows(
            Pairs<TBlock>(TBlock.Unpack(block, group), x),
            Pairs<TBlock>(TBlock.Unpack(block + stride, group), x),
            Pairs<TBlock>(TBlock.Unpack(block + (2 * stride), group), x),
            Pairs<TBlock>(TBlock.Unpack(block + (3 * stride), group), x));
        var rows47 = AddRows(
            Pairs<TBlock>(TBlock.Unpack(upper, group), x),
            Pairs<TBlock>(TBlock.Unpack(upper + stride, group), x),
            Pairs<TBlock>(TBlock.Unpack(upper + (2 * stride), group), x),
            Pairs<TBlock>(TBlock.Unpack(upper + (3 * stride), group), x));
        var sums = AddHalves(rows03, rows47);
        var first = sums.GetLower();
        var last = sums.GetUpper();
        return Vector256.Create(Sse2.UnpackLow(first, last), Sse2.UnpackHigh(first, last)).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> DotNibbles<TBlock>(byte* nibbles, nint blockBytes, nint stride, QuantizedGroup* input)
        where TBlock : unmanaged, IBlock32<TBlock>
    {
        // The codes that meet low nibbles, then those that meet high ones.
        var block0 = TBlock.IsSequential ? EvenThenOdd(Vector256.Load(input[0].Codes)) : Vector256.Load(input[0].Codes);
        var block1 = TBlock.IsSequential ? EvenThenOdd(Vector256.Load(input[1].Codes)) : Vector256.Load(input[1].Codes);
        var low = Avx2.Permute2x128(block0, block1, 0x20);
        var high = Avx2.Permute2x128(block0, block1, 0x31);
        var upper = nibbles + (4 * stride);
        var rows03 = AddRows(
            DotTwoBlocks(nibbles, blockBytes, low, high),
            DotTwoBlocks(nibbles + stride, blockBytes, low, high),
            DotTwoBlocks(nibbles + (2 * stride), blockBytes, low, high),
            DotTwoBlocks(nibbles + (3 * stride), blockBytes, low, high));
        var rows47 = AddRows(
            DotTwoBlocks(upper, blockBytes, low, high),
            DotTwoBlocks(upper + stride, blockBytes, low, high),
            DotTwoBlocks(upper + (2 * stride), blockBytes, low, high),
            DotTwoBlocks(upper + (3 * stride), blockBytes, low, high));

        // 8 times the sum of both halves, in each 32-bit lane; its low 16 bits twice.
        var halves = Vector256.Create(Vector128.Create(input[0].HalfSums), Vector128.Create(input[1].HalfSums)).AsInt16();
        var offset = Avx2.MultiplyAddAdjacent(halves, Vector256.Create((short)8));
        var twice = Avx2.Blend(offset.AsInt16(), (offset << 16).AsInt16(), 0b10101010);
        return AddHalves(rows03, rows47) - twice;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* address, int bytes)
    {
        Sse.Prefetch0(address);
        if (bytes > 64)
        {
            Sse.Prefetch0(address + 64);
        }

        if (bytes > 128)
        {
            Sse.Prefetch0(address + 128);
        }

        if (bytes > 192)
        {
            Sse.Prefetch0(address + 192);
        }

        if (bytes > 256)
        {
            Sse.Prefetch0(address + 256);
        }
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
    private static Vector256<sbyte> EvenThenOdd(Vector256<sbyte> values)
    {
        var order = Vector128.Create((sbyte)0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
        return Avx2.Permute4x64(Avx2.Shuffle(values, Vector256.Create(order, order)).AsInt64(), 0b11_01_10_00).AsSByte();
    }

    // 16-bit sums of 4 rows, 8 a 128-bit lane, to 2 a lane: [0 1 2 3 0 1 2 3 | 0 1 2 3 0 1 2 3].
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> AddRows(Vector256<short> row0, Vector256<short> row1, Vector256<short> row2, Vector256<short> row3)
    {
        var rows01 = (Avx2.UnpackLow(row0, row1) + Avx2.UnpackHigh(row0, row1)).AsInt32();
        var rows23 = (Avx2.UnpackLow(row2, row3) + Avx2.UnpackHigh(row2, row3)).AsInt32();
        return Avx2.UnpackLow(rows01, rows23).AsInt16() + Avx2.UnpackHigh(rows01, rows23).AsInt16();
    }

    // The last step: one sum a row and 128-bit lane.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> AddHalves(Vector256<short> rows03, Vector256<short> rows47) =>
        Avx2.UnpackLow(rows03.AsInt64(), rows47.AsInt64()).AsInt16() + Avx2.UnpackHigh(rows03.AsInt64(), rows47.AsInt64()).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> DotTwoBlocks(byte* nibbles, nint blockBytes, Vector256<sbyte> low, Vector256<sbyte> high)
    {
        var packed = Vector256.Create(Vector128.Load(nibbles), Vector128.Load(nibbles + blockBytes));
        var mask = Vector256.Create((byte)15);
        return Avx2.MultiplyAddAdjacent(packed & mask, low) + Avx2.MultiplyAddAdjacent((packed.AsUInt16() >> 4).AsByte() & mask, high);
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
        var pairs = Pairs<TBlock>(TBlock.Unpack(block, group), input);
        return Avx2.MultiplyAddAdjacent(pairs, TSubScales.Load(subScales, row, group));
    }

    // Sums of two products.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pairs<TBlock>(Vector256<byte> codes, Vector256<sbyte> input)
        where TBlock : IGroupCodes =>
        TBlock.IsSigned
            ? Avx2.MultiplyAddAdjacent(Avx2.Abs(codes.AsSByte()), Avx2.Sign(input, codes.AsSByte()))
            : Avx2.MultiplyAddAdjacent(codes, input);
}
