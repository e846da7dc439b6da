using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>Values to Q6_K (ggml-quants.c, quantize_row_q6_K_ref and quantize_row_q6_K_impl).</summary>
internal static class Q6_KEncoder
{
    private const int Levels = 32;
    private const int SubScaleLevels = 128;
    private const int GroupLength = SymmetricSuperBlock.GroupLength;

    [SkipLocalsInit]
    public static void Encode(ReadOnlySpan<float> values, Importance importance, Span<Q6_K> row)
    {
        Span<byte> codes = stackalloc byte[SuperBlock.Length];
        for (var i = 0; i < row.Length; i++)
        {
            var start = i * SuperBlock.Length;
            Encode(values.Slice(start, SuperBlock.Length), importance.Slice(start, SuperBlock.Length), ref row[i], codes);
        }
    }

    [SkipLocalsInit]
    private static void Encode(ReadOnlySpan<float> values, Importance importance, ref Q6_K block, Span<byte> codes)
    {
        Span<float> weights = stackalloc float[SuperBlock.Length];
        Span<float> scales = stackalloc float[SuperBlock.MaxGroups];
        Span<sbyte> subScales = stackalloc sbyte[SuperBlock.MaxGroups];
        Span<Vector256<float>> searched = stackalloc Vector256<float>[SuperBlock.Length / Lanes.Count];
        Weigh(values, importance, weights);
        SymmetricSuperBlock.Search(values, weights, Levels, scales, searched);
        if (MathF.Abs(Encoding.LargestMagnitude(scales)) < Lanes.Nothing)
        {
            block = default;
            return;
        }

        block.Scale = (Half)SymmetricSuperBlock.Uniform(scales, SubScaleLevels, subScales);
        SymmetricSuperBlock.Round(values, (float)block.Scale, subScales, Levels, searched, codes);
        for (var i = 0; i < subScales.Length; i++)
        {
            block.SubScaleBytes[i] = (byte)subScales[i];
        }

        Pack(codes, block.LowBits, block.HighBits);
    }

    private static void Weigh(ReadOnlySpan<float> values, Importance importance, Span<float> weights)
    {
        for (var start = 0; start < values.Length; start += GroupLength)
        {
            if (!importance.IsEmpty)
            {
                importance.Slice(start, GroupLength).Plain(weights.Slice(start, GroupLength));
                continue;
            }

            for (var i = start; i < start + GroupLength; i++)
            {
                weights[i] = values[i] * values[i];
            }
        }
    }

    private static void Pack(ReadOnlySpan<byte> codes, Span<byte> low, Span<byte> high)
    {
        for (var i = 0; i < 64; i++)
        {
            var (half, l) = (i / 32, i % 32);
            var at = codes[((128 * half) + l)..];
            low[(64 * half) + l] = (byte)((at[0] & 15) | ((at[64] & 15) << 4));
            low[(64 * half) + 32 + l] = (byte)((at[32] & 15) | ((at[96] & 15) << 4));
            high[i] = (byte)((at[0] >> 4) | (at[32] >> 4 << 2) | (at[64] >> 4 << 4) | (at[96] >> 4 << 6));
        }
    }
}
