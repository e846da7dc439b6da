using System.Runtime.CompilerServices;

namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>Values to Q4_K (ggml-quants.c, quantize_row_q4_K_ref and quantize_row_q4_K_impl).</summary>
internal static class Q4_KEncoder
{
    private static readonly AffineRecipe s_recipe = new(32, 15, 63, new AffineTries(-1, 0.1f, 20, false), 2);

    [SkipLocalsInit]
    public static void Encode(ReadOnlySpan<float> values, Importance importance, Span<Q4_K> row)
    {
        Span<byte> codes = stackalloc byte[SuperBlock.Length];
        for (var i = 0; i < row.Length; i++)
        {
            var start = i * SuperBlock.Length;
            var found = AffineSuperBlock.Encode(values.Slice(start, SuperBlock.Length), importance.Slice(start, SuperBlock.Length), s_recipe, codes);
            ref var block = ref row[i];
            (block.Scale, block.Min) = (found.Scale, found.Min);
            SixBitPairs.Write(found.SubScales, found.SubMins, out block.Pairs);
            CodeBits.PackNibbles(codes, block.Codes);
        }
    }
}
