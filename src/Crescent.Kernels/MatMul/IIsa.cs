using System.Runtime.Intrinsics;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>An instruction-set level as a type parameter: the steps of the loops that differ between levels. All results are exact or the same bits.</summary>
internal unsafe interface IIsa
{
    static abstract IsaLevel Level { get; }

    /// <summary>Whether batches unpack the weights of 8 rows once, into <see cref="PackedGroup"/>s.</summary>
    static abstract bool PacksBatches { get; }

    /// <summary>
    /// For 8 rows, <paramref name="stride"/> bytes apart: Σ code·input·sub-scale over the 32 values of a group, in 32-bit integers. Lane = row.
    /// The format's offset is not removed.
    /// </summary>
    /// <param name="input">32 codes of the group's activations.</param>
    /// <param name="subScales">[8 rows, 16], as <typeparamref name="TSubScales"/> reads it.</param>
    static abstract Vector256<int> DotRows<TBlock, TSubScales>(byte* block, nint stride, int group, sbyte* input, short* subScales)
        where TBlock : IGroupCodes
        where TSubScales : struct, ISubScales;

    /// <summary>
    /// As <see cref="DotRows"/>, for codes of at most 16, without sub-scales: lane = row, a pair of 16-bit sums over the group's
    /// first 16 values (low half) and its last. 16 · 16 · 127 fits 16 bits.
    /// </summary>
    static abstract Vector256<int> DotHalves<TBlock>(byte* block, nint stride, int group, sbyte* input)
        where TBlock : IGroupCodes;

    /// <summary>Whether <see cref="DotNibbles"/> is there.</summary>
    static abstract bool PairsNibbles { get; }

    /// <summary>
    /// For 8 rows: Σ (nibble − 8)·input over two consecutive blocks of 32 nibbles, in 16 bits: the sums of the first block in the lower 8 lanes,
    /// of the second in the upper. 32 · 8 · 127 fits 16 bits, so partial sums may wrap.
    /// </summary>
    /// <param name="nibbles">The 16 bytes of the first row's first block.</param>
    /// <param name="blockBytes">From a block to the next.</param>
    static abstract Vector256<short> DotNibbles<TBlock>(byte* nibbles, nint blockBytes, nint stride, QuantizedGroup* input)
        where TBlock : unmanaged, IBlock32<TBlock>;

    /// <summary>Asks for some bytes to be brought into the cache; never faults.</summary>
    static abstract void Prefetch(byte* address, int bytes);

    /// <summary>left[2i]·right[2i] + left[2i+1]·right[2i+1], in 32 bits.</summary>
    static abstract Vector256<int> MultiplyAddPairs(Vector256<short> left, Vector256<short> right);

    /// <summary>left·right + addend; fused wherever the processor can.</summary>
    static abstract Vector256<float> MultiplyAdd(Vector256<float> left, Vector256<float> right, Vector256<float> addend);

    /// <summary>target[column, row] = source[row, column], 8 × 8.</summary>
    static abstract void Transpose(int* source, int* target);
}

/// <summary>Where the integer sub-scales of a group come from.</summary>
internal unsafe interface ISubScales
{
    /// <summary>Whether all sub-scales are 1.</summary>
    static abstract bool AreOne { get; }

    /// <summary>The two sub-scales of a row's group, each 8 times: for the group's first 16 values, and its last.</summary>
    static abstract Vector256<short> Load(short* subScales, int row, int group);
}

/// <summary>Blocks of 32 have no sub-scales.</summary>
internal readonly unsafe struct NoSubScales : ISubScales
{
    public static bool AreOne => true;

    public static Vector256<short> Load(short* subScales, int row, int group) => Vector256<short>.One;
}

/// <summary>The sub-scales of super-blocks, 16 a row.</summary>
internal readonly unsafe struct GroupSubScales : ISubScales
{
    public static bool AreOne => false;

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Load(short* subScales, int row, int group)
    {
        var pair = Vector128.Create(*(int*)(subScales + (16 * row) + (2 * group))).AsByte();
        return Vector256.Create(
            Vector128.Shuffle(pair, Vector128.Create((byte)0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1)),
            Vector128.Shuffle(pair, Vector128.Create((byte)2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3))).AsInt16();
    }
}
