using System.Diagnostics;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

/// <summary>A block of a quantised row. The struct is the bytes in the file.</summary>
internal interface IQuantBlock<TSelf>
    where TSelf : unmanaged, IQuantBlock<TSelf>
{
    static abstract DType DType { get; }

    /// <summary>Values in a block.</summary>
    static abstract int Length { get; }

    /// <summary>The reference decode: plain scalar code, bit for bit what ggml's dequantize_row gives.</summary>
    static abstract void Decode(in TSelf block, Span<float> values);
}

/// <summary>A block that can be made from values, by upstream's reference quantiser.</summary>
internal interface IEncodableBlock<TSelf> : IQuantBlock<TSelf>
    where TSelf : unmanaged, IEncodableBlock<TSelf>
{
    static abstract void Encode(ReadOnlySpan<float> values, out TSelf block);

    /// <summary>Bound on |decoded − value| of Encode then Decode, as a share of the block's largest magnitude (of its range, for formats with a minimum), where the scale is a normal half.</summary>
    static abstract float MaxRelativeError { get; }
}

/// <summary>The vector side of a quantised format: codes come in groups of 32, whatever the block's length.</summary>
internal unsafe interface IGroupCodes
{
    /// <summary>Whether <see cref="Unpack"/> gives signed bytes; else they are 0..<see cref="MaxCode"/>.</summary>
    static abstract bool IsSigned { get; }

    /// <summary>The largest magnitude of a code: decides how many products fit 16 bits.</summary>
    static abstract int MaxCode { get; }

    /// <summary>What is to be subtracted from an unsigned code.</summary>
    static abstract int Offset { get; }

    /// <summary>Whether the format adds a minimum (blocks of 32) or subtracts one (super-blocks).</summary>
    static abstract bool HasMin { get; }

    /// <summary>The 32 codes of a group, in the order of the values. Reads nothing outside the block.</summary>
    static abstract Vector256<byte> Unpack(byte* block, int group);
}

/// <summary>Blocks of 32 values: one scale, and a minimum where the format has one.</summary>
internal unsafe interface IBlock32<TSelf> : IGroupCodes
    where TSelf : unmanaged, IBlock32<TSelf>
{
    /// <summary>Bytes of a block's scale where scales lie apart from the codes, row by row; 0 where a block holds its own.</summary>
    static abstract int ScaleBytes { get; }

    /// <summary>Byte position of 16 bytes whose nibbles are the codes themselves; −1 where codes are anything else.</summary>
    static abstract int NibblePosition { get; }

    /// <summary>Whether those nibbles follow the order of the values: byte j holds values 2j and 2j + 1, not j and j + 16.</summary>
    static abstract bool IsSequential { get; }

    /// <summary>
    /// The scales of the blocks of 8 rows, <paramref name="stride"/> bytes apart. <paramref name="source"/> is the first row's block, or its scale
    /// where scales lie apart; nothing outside those is read.
    /// </summary>
    static abstract Vector256<float> Scales(byte* source, nint stride);

    /// <summary>The minima of the blocks of 8 rows.</summary>
    static abstract Vector256<float> Mins(byte* block, nint stride);
}

/// <summary>Super-blocks of 256 values: 8 groups of 32, each with one or two integer sub-scales (and minima) under a common scale.</summary>
internal unsafe interface ISuperBlock<TSelf> : IQuantBlock<TSelf>, IGroupCodes
    where TSelf : unmanaged, ISuperBlock<TSelf>
{
    /// <summary>Whether a group has one sub-scale, which products read through <see cref="GroupScales"/>.</summary>
    static virtual bool HasOneSubScale => false;

    /// <summary>The common scales of the super-blocks of 8 rows, <paramref name="stride"/> bytes apart: what one code times one sub-scale is worth.</summary>
    static abstract Vector256<float> Scales(byte* block, nint stride);

    /// <summary>The common scales of the minima of 8 rows; unused without minima.</summary>
    static abstract Vector256<float> Mins(byte* block, nint stride);

    /// <summary>Sub-scales: elements 2g and 2g+1 are those of the two halves of group g.</summary>
    static abstract Vector256<short> SubScales(byte* block);

    /// <summary>Minima in the order of <see cref="SubScales"/>.</summary>
    static abstract Vector256<short> SubMins(byte* block);

    /// <summary>Of the super-blocks of 8 rows: common scale times sub-scale, and minus the common scale of the minima times the minimum.</summary>
    /// <param name="scales">[8 groups, 8 rows].</param>
    /// <param name="mins">[8 groups, 8 rows]; not written without minima.</param>
    static virtual void GroupScales(byte* block, nint stride, float* scales, float* mins) => throw new UnreachableException();
}
