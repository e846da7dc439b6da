using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>Values to IQ4_NL and IQ4_XS (ggml-quants.c, quantize_row_iq4_nl_impl).</summary>
internal static class IQ4Encoder
{
    private const int GroupLength = 32;
    private const int SubScaleLevels = 32;

    /// <summary>
    /// IQ4_NL. Without importance one step is tried, as in upstream's quantize_row_iq4_nl_ref; with importance (all ones will do) fifteen, as in quantize_iq4_nl.
    /// </summary>
    [SkipLocalsInit]
    public static void Encode(ReadOnlySpan<float> values, Importance importance, Span<IQ4_NL> row)
    {
        Span<Vector256<float>> lanes = stackalloc Vector256<float>[2 * GroupLength];
        Span<float> weights = stackalloc float[SuperBlock.Length];
        Span<float> padded = stackalloc float[SuperBlock.Length];
        Span<byte> codes = stackalloc byte[GroupLength];
        for (var first = 0; first < row.Length; first += Lanes.Count)
        {
            var blocks = row.Slice(first, Math.Min(Lanes.Count, row.Length - first));
            var (start, length) = (first * GroupLength, blocks.Length * GroupLength);
            padded.Clear();
            weights.Clear();
            values.Slice(start, length).CopyTo(padded);
            for (var i = 0; i < blocks.Length; i++)
            {
                var group = padded.Slice(i * GroupLength, GroupLength);
                Weigh(group, importance.Slice(start + (i * GroupLength), GroupLength), Variance(group), weights.Slice(i * GroupLength, GroupLength));
            }

            Lanes.Load(padded, lanes[..GroupLength]);
            Lanes.Load(weights, lanes[GroupLength..]);
            var step = Vector256<float>.Zero;
            var scales = importance.IsEmpty
                ? TableSearch.FitOnce(lanes[..GroupLength], lanes[GroupLength..], out step)
                : TableSearch.Run(lanes[..GroupLength], lanes[GroupLength..]);
            for (var i = 0; i < blocks.Length; i++)
            {
                blocks[i].Scale = (Half)scales[i];
                TableSearch.Codes(padded[(i * GroupLength)..], importance.IsEmpty ? step[i] : Encoding.Reciprocal(scales[i]), codes);
                CodeBits.PackHalves(codes, blocks[i].Codes);
            }
        }
    }

    [SkipLocalsInit]
    public static void Encode(ReadOnlySpan<float> values, Importance importance, Span<IQ4_XS> row)
    {
        Span<Vector256<float>> lanes = stackalloc Vector256<float>[2 * GroupLength];
        Span<float> weights = stackalloc float[SuperBlock.Length];
        Span<float> scales = stackalloc float[Lanes.Count];
        for (var i = 0; i < row.Length; i++)
        {
            var start = i * SuperBlock.Length;
            var block = values.Slice(start, SuperBlock.Length);
            var variance = Variance(block);
            for (var group = 0; group < SuperBlock.Length; group += GroupLength)
            {
                Weigh(block.Slice(group, GroupLength), importance.Slice(start + group, GroupLength), variance, weights.Slice(group, GroupLength));
            }

            Lanes.Load(block, lanes[..GroupLength]);
            Lanes.Load(weights, lanes[GroupLength..]);
            TableSearch.Run(lanes[..GroupLength], lanes[GroupLength..]).CopyTo(scales);
            Round(block, scales, out row[i]);
        }
    }

    private static float Variance(ReadOnlySpan<float> values) => Sums.OfSquares(values) * (2f / values.Length);

    private static void Weigh(ReadOnlySpan<float> values, Importance importance, float variance, Span<float> weights)
    {
        if (!importance.IsEmpty)
        {
            importance.OfErrors(values, variance, weights);
            return;
        }

        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] = values[i] * values[i];
        }
    }

    [SkipLocalsInit]
    private static void Round(ReadOnlySpan<float> values, ReadOnlySpan<float> scales, out IQ4_XS block)
    {
        Span<byte> codes = stackalloc byte[GroupLength];
        block = default;
        var scale = -Encoding.LargestMagnitude(scales) / SubScaleLevels;
        var step = Encoding.Reciprocal(scale);
        block.Scale = (Half)scale;
        for (var group = 0; group < scales.Length; group++)
        {
            var subScale = Math.Clamp((int)MathF.Round(step * scales[group]), -SubScaleLevels, SubScaleLevels - 1);
            TableSearch.Codes(values[(group * GroupLength)..], Encoding.Reciprocal(scale * subScale), codes);
            CodeBits.PackHalves(codes, block.Codes[(16 * group)..]);
            var bits = subScale + SubScaleLevels;
            block.SubScaleLow[group / 2] |= (byte)((bits & 15) << (4 * (group & 1)));
            block.SubScaleHigh |= (ushort)(bits >> 4 << (2 * group));
        }
    }
}
