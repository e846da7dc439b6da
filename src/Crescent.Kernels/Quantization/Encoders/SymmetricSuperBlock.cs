using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>The steps that super-blocks without minima share (Q3_K, Q6_K): 16 groups of 16 values.</summary>
internal static class SymmetricSuperBlock
{
    public const int GroupLength = 16;

    /// <summary>Searches the scales of the groups under given weights.</summary>
    /// <param name="values">[256]</param>
    /// <param name="weights">[256]</param>
    /// <param name="scales">[16]</param>
    /// <param name="codes">[32] lanes of two sets of eight groups</param>
    [SkipLocalsInit]
    public static void Search(ReadOnlySpan<float> values, ReadOnlySpan<float> weights, int levels, Span<float> scales, Span<Vector256<float>> codes)
    {
        Span<Vector256<float>> lanes = stackalloc Vector256<float>[2 * GroupLength];
        for (var group = 0; group < SuperBlock.MaxGroups; group += Lanes.Count)
        {
            Lanes.Load(values[(group * GroupLength)..], lanes[..GroupLength]);
            Lanes.Load(weights[(group * GroupLength)..], lanes[GroupLength..]);
            var set = codes.Slice(group / Lanes.Count * GroupLength, GroupLength);
            SymmetricSearch.Run(lanes[..GroupLength], lanes[GroupLength..], levels, set).CopyTo(scales[group..]);
        }
    }

    /// <summary>Rounds the codes with scale · sub-scale; groups where that is 0 keep the searched codes.</summary>
    /// <param name="values">[256]</param>
    /// <param name="subScales">[16]</param>
    /// <param name="searched">[32] lanes</param>
    /// <param name="codes">[256], 0..2·levels − 1</param>
    public static void Round(
        ReadOnlySpan<float> values, float scale, ReadOnlySpan<sbyte> subScales, int levels, ReadOnlySpan<Vector256<float>> searched, Span<byte> codes)
    {
        var offset = Vector256.Create((float)levels);
        for (var group = 0; group < SuperBlock.MaxGroups; group++)
        {
            var groupCodes = codes.Slice(group * GroupLength, GroupLength);
            var step = scale * subScales[group];
            if (step == 0)
            {
                Lanes.Store(SuperBlock.Set(searched, group, GroupLength), group % Lanes.Count, groupCodes);
                continue;
            }

            var steps = Vector256.Create(step);
            var at = values[(group * GroupLength)..];
            var low = Lanes.Round(Vector256.Create(at) / steps, -offset, offset - Vector256<float>.One) + offset;
            var high = Lanes.Round(Vector256.Create(at[8..]) / steps, -offset, offset - Vector256<float>.One) + offset;
            Lanes.ToBytes(low, high).CopyTo(groupCodes);
        }
    }

    /// <summary>The first value of the largest magnitude becomes −<paramref name="levels"/>; so do all where there is none.</summary>
    /// <returns>The common scale.</returns>
    public static float Uniform(ReadOnlySpan<float> values, int levels, Span<sbyte> codes)
    {
        var largest = Encoding.LargestMagnitude(values);
        if (largest == 0)
        {
            codes.Fill((sbyte)-levels);
            return 0;
        }

        var step = -levels / largest;
        for (var i = 0; i < values.Length; i++)
        {
            codes[i] = (sbyte)Math.Clamp((int)MathF.Round(step * values[i]), -levels, levels - 1);
        }

        return 1 / step;
    }
}
