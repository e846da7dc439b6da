using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>Values to Q3_K (ggml-quants.c, quantize_row_q3_K_ref and quantize_row_q3_K_impl).</summary>
internal static class Q3_KEncoder
{
    private const int Levels = 4;
    private const int SubScaleLevels = 32;
    private const int GroupLength = SymmetricSuperBlock.GroupLength;

    [SkipLocalsInit]
    public static void Encode(ReadOnlySpan<float> values, Importance importance, Span<Q3_K> row)
    {
        Span<byte> codes = stackalloc byte[SuperBlock.Length];
        Span<sbyte> subScales = stackalloc sbyte[SuperBlock.MaxGroups];
        Span<Vector256<float>> searched = stackalloc Vector256<float>[SuperBlock.Length / Lanes.Count];
        for (var i = 0; i < row.Length; i++)
        {
            var start = i * SuperBlock.Length;
            var blockValues = values.Slice(start, SuperBlock.Length);
            row[i].Scale = importance.IsEmpty
                ? Search(blockValues, subScales, searched)
                : Search(blockValues, importance.Slice(start, SuperBlock.Length), subScales, searched);
            SymmetricSuperBlock.Round(blockValues, (float)row[i].Scale, subScales, Levels, searched, codes);
            PackSubScales(subScales, row[i].SubScaleBits);
            CodeBits.PackPairs(codes, row[i].Codes);
            CodeBits.PackBits(codes, 2, row[i].HighBits);
        }
    }

    [SkipLocalsInit]
    private static Half Search(ReadOnlySpan<float> values, Span<sbyte> subScales, Span<Vector256<float>> codes)
    {
        Span<Vector256<float>> lanes = stackalloc Vector256<float>[GroupLength];
        Span<float> scales = stackalloc float[SuperBlock.MaxGroups];
        for (var group = 0; group < SuperBlock.MaxGroups; group += Lanes.Count)
        {
            Lanes.Load(values[(group * GroupLength)..], lanes);
            DescentSearch.Run(lanes, Levels, codes.Slice(group / Lanes.Count * GroupLength, GroupLength)).CopyTo(scales[group..]);
        }

        return (Half)SymmetricSuperBlock.Uniform(scales, SubScaleLevels, subScales);
    }

    [SkipLocalsInit]
    private static Half Search(ReadOnlySpan<float> values, Importance importance, Span<sbyte> subScales, Span<Vector256<float>> codes)
    {
        Span<float> weights = stackalloc float[SuperBlock.Length];
        Span<float> scales = stackalloc float[SuperBlock.MaxGroups];
        Span<float> groupWeights = stackalloc float[SuperBlock.MaxGroups];
        var variance = 2 * Sums.OfSquares(values) / SuperBlock.Length;
        for (var group = 0; group < SuperBlock.MaxGroups; group++)
        {
            var start = group * GroupLength;
            importance.Slice(start, GroupLength).OfErrors(values.Slice(start, GroupLength), variance, weights.Slice(start, GroupLength));
            groupWeights[group] = Sums.Of(weights.Slice(start, GroupLength));
        }

        SymmetricSuperBlock.Search(values, weights, Levels, scales, codes);
        return (Half)SearchSubScales(scales, groupWeights, subScales);
    }

    // The same search once more, over the 16 scales: one lane of eight carries them.
    [SkipLocalsInit]
    private static float SearchSubScales(ReadOnlySpan<float> scales, ReadOnlySpan<float> weights, Span<sbyte> subScales)
    {
        Span<Vector256<float>> lanes = stackalloc Vector256<float>[3 * SuperBlock.MaxGroups];
        var values = lanes[..16];
        var laneWeights = lanes[16..32];
        var codes = lanes[32..];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Vector256.Create(scales[i]);
            laneWeights[i] = Vector256.Create(weights[i]);
        }

        var scale = SymmetricSearch.Run(values, laneWeights, SubScaleLevels, codes).ToScalar();
        for (var i = 0; i < codes.Length; i++)
        {
            subScales[i] = (sbyte)((int)codes[i].ToScalar() - SubScaleLevels);
        }

        return scale;
    }

    private static void PackSubScales(ReadOnlySpan<sbyte> subScales, Span<byte> bytes)
    {
        bytes.Clear();
        for (var i = 0; i < subScales.Length; i++)
        {
            var code = subScales[i] + SubScaleLevels;
            bytes[i % 8] |= (byte)((code & 15) << (i / 8 * 4));
            bytes[8 + (i % 4)] |= (byte)(code >> 4 << (2 * (i / 4)));
        }
    }
}
