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
    public static HalfSums DotHalves<TBlock>(byte* block, nint stride, int group, sbyte* input)
        where TBlock : IGroupCodes
    {
        var x = Vector256.Load(input);
        return PairSums.Halves(DotFour<TBlock>(block, stride, group, x), DotFour<TBlock>(block + (4 * stride), stride, group, x));
    }

    public static bool PairsBlocks => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static HalfSums DotTwoBlocks<TBlock>(byte* blocks, nint stride, QuantizedGroup* input)
        where TBlock : unmanaged, IBlock32<TBlock>
    {
        LoadByNibbles<TBlock>(input, out var low, out var high);
        var nibbles = blocks + TBlock.NibblePosition;
        return PairSums.Halves(DotFourTwice<TBlock>(nibbles, stride, low, high), DotFourTwice<TBlock>(nibbles + (4 * stride), stride, low, high));
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

    /// <summary>The codes of two groups that meet low nibbles, [first | second], and those that meet high ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadByNibbles<TBlock>(QuantizedGroup* input, out Vector256<sbyte> low, out Vector256<sbyte> high)
        where TBlock : unmanaged, IBlock32<TBlock>
    {
        var block0 = TBlock.IsSequential ? EvenThenOdd(Vector256.Load(input[0].Codes)) : Vector256.Load(input[0].Codes);
        var block1 = TBlock.IsSequential ? EvenThenOdd(Vector256.Load(input[1].Codes)) : Vector256.Load(input[1].Codes);
        low = Avx2.Permute2x128(block0, block1, 0x20);
        high = Avx2.Permute2x128(block0, block1, 0x31);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<sbyte> EvenThenOdd(Vector256<sbyte> values)
    {
        var order = Vector128.Create((sbyte)0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
        return Avx2.Permute4x64(Avx2.Shuffle(values, Vector256.Create(order, order)).AsInt64(), 0b11_01_10_00).AsSByte();
    }

    // 4 rows of a group.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> DotFour<TBlock>(byte* block, nint stride, int group, Vector256<sbyte> input)
        where TBlock : IGroupCodes =>
        PairSums.AddFour<TBlock>(
            PairSums.Multiply<TBlock>(TBlock.Unpack(block, group), input),
            PairSums.Multiply<TBlock>(TBlock.Unpack(block + stride, group), input),
            PairSums.Multiply<TBlock>(TBlock.Unpack(block + (2 * stride), group), input),
            PairSums.Multiply<TBlock>(TBlock.Unpack(block + (3 * stride), group), input),
            2);

    // 4 rows of two blocks.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> DotFourTwice<TBlock>(byte* nibbles, nint stride, Vector256<sbyte> low, Vector256<sbyte> high)
        where TBlock : unmanaged, IBlock32<TBlock> =>
        PairSums.AddFour<TBlock>(
            DotTwo<TBlock>(nibbles, low, high),
            DotTwo<TBlock>(nibbles + stride, low, high),
            DotTwo<TBlock>(nibbles + (2 * stride), low, high),
            DotTwo<TBlock>(nibbles + (3 * stride), low, high),
            4);

    // Sums of four products: two of low nibbles, two of high ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> DotTwo<TBlock>(byte* nibbles, Vector256<sbyte> low, Vector256<sbyte> high)
        where TBlock : unmanaged, IBlock32<TBlock>
    {
        var packed = Vector256.Create(Vector128.Load(nibbles), Vector128.Load(nibbles + sizeof(TBlock)));
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
}
