using System.Runtime.CompilerServices;

namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>Values to Q2_K (ggml-quants.c, quantize_row_q2_K_ref and quantize_row_q2_K_impl).</summary>
internal static class Q2_KEncoder
{
    private static readonly AffineRecipe s_recipe = new(16, 3, 15, new AffineTries(-0.5f, 0.1f, 15, true), 1);

    [SkipLocalsInit]
    public static void Encode(ReadOnlySpan<float> values, Importance importance, Span<Q2_K> row)
    {
        Span<byte> codes = stackalloc byte[SuperBlock.Length];
        for (var i = 0; i < row.Length; i++)
        {
            var start = i * SuperBlock.Length;
            var found = AffineSuperBlock.Encode(values.Slice(start, SuperBlock.Length), importance.Slice(start, SuperBlock.Length), s_recipe, codes);
            Pack(found, codes, out row[i]);
        }
    }

    private static void Pack(in AffineSuperBlock found, ReadOnlySpan<byte> codes, out Q2_K block)
    {
        block = default;
        (block.Scale, block.Min) = (found.Scale, found.Min);
        for (var group = 0; group < SuperBlock.MaxGroups; group++)
        {
            block.SubScaleNibbles[group] = (byte)(found.SubScales[group] | (found.SubMins[group] << 4));
        }

        CodeBits.PackPairs(codes, block.Codes);
    }
}
