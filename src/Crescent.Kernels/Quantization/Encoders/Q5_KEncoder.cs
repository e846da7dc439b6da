using System.Runtime.CompilerServices;

namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>Values to Q5_K (ggml-quants.c, quantize_row_q5_K_ref and quantize_row_q5_K_impl).</summary>
internal static class Q5_KEncoder
{
    private static readonly AffineRecipe s_recipe = new(32, 31, 63, new AffineTries(-0.5f, 0.1f, 15, false), 2);

    [SkipLocalsInit]
    public static void Encode(ReadOnlySpan<float> values, Importance importance, Span<Q5_K> row)
    {
        Span<byte> codes = stackalloc byte[SuperBlock.Length];
        for (var i = 0; i < row.Length; i++)
        {
            var start = i * SuperBlock.Length;
            var found = AffineSuperBlock.Encode(values.Slice(start, SuperBlock.Length), importance.Slice(start, SuperBlock.Length), s_recipe, codes);
            ref var block = ref row[i];
            (block.Scale, block.Min) = (found.Scale, found.Min);
            SixBitPairs.Write(found.SubScales, found.SubMins, out block.Pairs);
            CodeBits.PackBits(codes, 4, block.HighBits);
            CodeBits.PackNibbles(codes, block.Codes);
        }
    }
}
