using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>What differs between the super-blocks with minima (Q2_K, Q4_K, Q5_K).</summary>
/// <param name="GroupLength">Values under one sub-scale and one minimum.</param>
/// <param name="LargestSubScale">Of sub-scales and minima, as integers.</param>
/// <param name="Tries">The search without importance.</param>
/// <param name="VarianceFactor">The share of the mean square that steadies the weights with importance.</param>
internal sealed record AffineRecipe(int GroupLength, int LargestCode, int LargestSubScale, AffineTries Tries, float VarianceFactor)
{
    public int Groups => SuperBlock.Length / GroupLength;
}

/// <summary>A super-block with minima as integers, before a format packs them.</summary>
internal struct AffineSuperBlock
{
    public Half Scale;
    public Half Min;
    public Bytes16 SubScales;
    public Bytes16 SubMins;

    /// <summary>Searches scales and minima group by group, quantises them under common scales, and rounds the codes again with what they became.</summary>
    /// <param name="values">[256]</param>
    /// <param name="importance">[256?]</param>
    /// <param name="codes">[256]</param>
    [SkipLocalsInit]
    public static AffineSuperBlock Encode(ReadOnlySpan<float> values, Importance importance, AffineRecipe recipe, Span<byte> codes)
    {
        Span<float> weights = stackalloc float[SuperBlock.Length];
        Span<float> scales = stackalloc float[recipe.Groups];
        Span<float> mins = stackalloc float[recipe.Groups];
        Span<Vector256<float>> searched = stackalloc Vector256<float>[SuperBlock.Length / Lanes.Count];
        Weigh(values, importance, recipe, weights);
        Search(values, weights, importance.IsEmpty ? recipe.Tries : AffineTries.Fine, recipe, scales, mins, searched);

        var block = default(AffineSuperBlock);
        if (importance.IsEmpty)
        {
            block.Scale = Uniform(scales, recipe.LargestSubScale, block.SubScales);
            block.Min = Uniform(mins, recipe.LargestSubScale, block.SubMins);
        }
        else
        {
            Span<float> groupWeights = stackalloc float[recipe.Groups];
            for (var group = 0; group < groupWeights.Length; group++)
            {
                groupWeights[group] = Sums.Of(weights.Slice(group * recipe.GroupLength, recipe.GroupLength));
            }

            block.Scale = (Half)PositiveSearch.Run(scales, groupWeights, recipe.LargestSubScale, block.SubScales);
            block.Min = (Half)PositiveSearch.Run(mins, groupWeights, recipe.LargestSubScale, block.SubMins);
        }

        block.Round(values, recipe, searched, codes);
        return block;
    }

    private static void Weigh(ReadOnlySpan<float> values, Importance importance, AffineRecipe recipe, Span<float> weights)
    {
        var length = recipe.GroupLength;
        var variance = recipe.VarianceFactor * Sums.OfSquares(values) / SuperBlock.Length;
        for (var start = 0; start < values.Length; start += length)
        {
            var group = values.Slice(start, length);
            var groupWeights = weights.Slice(start, length);
            if (!importance.IsEmpty)
            {
                importance.Slice(start, length).OfErrors(group, variance, groupWeights);
                continue;
            }

            // Absolute errors are weighted by |x|, squared ones by |x| and the group's RMS.
            var offset = Vector256.Create(recipe.Tries.IsAbsolute ? 0 : MathF.Sqrt(Sums.OfSquares(group) / length));
            for (var i = 0; i < length; i += Vector256<float>.Count)
            {
                (offset + Vector256.Abs(Vector256.Create(group[i..]))).CopyTo(groupWeights[i..]);
            }
        }
    }

    [SkipLocalsInit]
    private static void Search(
        ReadOnlySpan<float> values, ReadOnlySpan<float> weights, in AffineTries tries, AffineRecipe recipe,
        Span<float> scales, Span<float> mins, Span<Vector256<float>> codes)
    {
        var length = recipe.GroupLength;
        Span<Vector256<float>> lanes = stackalloc Vector256<float>[2 * length];
        for (var group = 0; group < recipe.Groups; group += Lanes.Count)
        {
            Lanes.Load(values[(group * length)..], lanes[..length]);
            Lanes.Load(weights[(group * length)..], lanes[length..]);
            var fit = AffineSearch.Run(lanes[..length], lanes[length..], tries, recipe.LargestCode, codes.Slice(group / Lanes.Count * length, length));
            fit.Scale.CopyTo(scales[group..]);
            fit.Min.CopyTo(mins[group..]);
        }
    }

    // The largest becomes the largest integer.
    private static Half Uniform(ReadOnlySpan<float> values, int largestCode, Span<byte> codes)
    {
        var largest = 0f;
        foreach (var value in values)
        {
            largest = value > largest ? value : largest;
        }

        var step = largest > 0 ? largestCode / largest : 0;
        for (var i = 0; i < values.Length; i++)
        {
            codes[i] = (byte)Math.Clamp((int)MathF.Round(step * values[i]), 0, largestCode);
        }

        return (Half)(largest / largestCode);
    }

    private readonly void Round(ReadOnlySpan<float> values, AffineRecipe recipe, ReadOnlySpan<Vector256<float>> searched, Span<byte> codes)
    {
        var (scale, min) = ((float)Scale, (float)Min);
        var largest = Vector256.Create((float)recipe.LargestCode);
        for (var group = 0; group < recipe.Groups; group++)
        {
            var groupCodes = codes.Slice(group * recipe.GroupLength, recipe.GroupLength);
            var step = scale * SubScales[group];
            if (step == 0)
            {
                Lanes.Store(SuperBlock.Set(searched, group, recipe.GroupLength), group % Lanes.Count, groupCodes);
                continue;
            }

            var steps = Vector256.Create(step);
            var offset = Vector256.Create(min * SubMins[group]);
            for (var i = 0; i < recipe.GroupLength; i += 16)
            {
                var at = values[((group * recipe.GroupLength) + i)..];
                Lanes.ToBytes(
                    Lanes.Round((Vector256.Create(at) + offset) / steps, Vector256<float>.Zero, largest),
                    Lanes.Round((Vector256.Create(at[8..]) + offset) / steps, Vector256<float>.Zero, largest)).CopyTo(groupCodes[i..]);
            }
        }
    }
}
