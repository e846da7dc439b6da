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
    /// For 8 rows, <paramref name="stride"/> bytes apart: Σ code·input over the first 16 values of a group, and over its last 16. The format's offset is
    /// not removed.
    /// </summary>
    /// <param name="input">32 codes of the group's activations.</param>
    static abstract HalfSums DotHalves<TBlock>(byte* block, nint stride, int group, sbyte* input)
        where TBlock : IGroupCodes;

    /// <summary>Whether <see cref="DotTwoBlocks"/> is there.</summary>
    static abstract bool PairsBlocks { get; }

    /// <summary>For 8 rows: Σ code·input over a block of 32 nibbles, and over the next one. The format's offset is not removed.</summary>
    /// <param name="blocks">The first row's first block.</param>
    /// <param name="input">The input of both blocks.</param>
    static abstract HalfSums DotTwoBlocks<TBlock>(byte* blocks, nint stride, QuantizedGroup* input)
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
