using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>
/// Values to Q4_0, Q4_1, Q5_0, Q5_1 and Q8_0. Blocks that the format can hold exactly are held exactly; others are encoded by upstream's reference quantiser, or with importance
/// by upstream's search (ggml-quants.c, quantize_row_q4_0_impl and its siblings; Q8_0 has none).
/// </summary>
internal static class Block32Encoder
{
    private const int Length = 32;

    [SkipLocalsInit]
    public static void Encode<TBlock, TFormat>(ReadOnlySpan<float> values, Importance importance, Span<TBlock> row)
        where TBlock : unmanaged, IEncodableBlock<TBlock>
        where TFormat : struct, IBlock32Encoder<TBlock>
    {
        if (importance.IsEmpty)
        {
            for (var i = 0; i < row.Length; i++)
            {
                TBlock.Encode(values.Slice(i * Length, Length), out row[i]);
            }
        }
        else
        {
            Search<TBlock, TFormat>(values, importance, row);
        }

        for (var i = 0; i < row.Length; i++)
        {
            KeepExact<TBlock, TFormat>(values.Slice(i * Length, Length), ref row[i]);
        }
    }

    // Eight blocks at a time; a last set is filled up with zeros.
    [SkipLocalsInit]
    private static void Search<TBlock, TFormat>(ReadOnlySpan<float> values, Importance importance, Span<TBlock> row)
        where TBlock : unmanaged, IEncodableBlock<TBlock>
        where TFormat : struct, IBlock32Encoder<TBlock>
    {
        Span<float> set = stackalloc float[2 * Lanes.Count * Length];
        var setValues = set[..(Lanes.Count * Length)];
        var setWeights = set[(Lanes.Count * Length)..];
        var variance = Sums.OfSquares(values) / values.Length;
        for (var first = 0; first < row.Length; first += Lanes.Count)
        {
            var blocks = row.Slice(first, Math.Min(Lanes.Count, row.Length - first));
            set.Clear();
            values.Slice(first * Length, blocks.Length * Length).CopyTo(setValues);
            for (var i = 0; i < blocks.Length; i++)
            {
                var start = i * Length;
                importance.Slice((first * Length) + start, Length).OfErrors(setValues.Slice(start, Length), variance, setWeights.Slice(start, Length));
            }

            SearchSet<TBlock, TFormat>(setValues, setWeights, blocks);
        }
    }

    [SkipLocalsInit]
    private static void SearchSet<TBlock, TFormat>(ReadOnlySpan<float> values, ReadOnlySpan<float> weights, Span<TBlock> blocks)
        where TBlock : unmanaged, IEncodableBlock<TBlock>
        where TFormat : struct, IBlock32Encoder<TBlock>
    {
        Span<Vector256<float>> lanes = stackalloc Vector256<float>[3 * Length];
        var laneValues = lanes[..Length];
        var laneWeights = lanes[Length..(2 * Length)];
        var laneCodes = lanes[(2 * Length)..];
        Span<byte> codes = stackalloc byte[Length];
        Lanes.Load(values, laneValues);
        Lanes.Load(weights, laneWeights);
        var fit = TFormat.HasMin
            ? AffineSearch.Run(laneValues, laneWeights, AffineTries.Fine, (2 * TFormat.Levels) - 1, laneCodes)
            : new AffineFit(SymmetricSearch.Run(laneValues, laneWeights, TFormat.Levels, laneCodes), Vector256<float>.Zero);
        for (var i = 0; i < blocks.Length; i++)
        {
            Lanes.Store(laneCodes, i, codes);
            blocks[i] = TFormat.Pack(fit.Scale[i], -fit.Min[i], codes);
        }
    }

    // Replaces a block by one without error, where there is one.
    [SkipLocalsInit]
    private static void KeepExact<TBlock, TFormat>(ReadOnlySpan<float> values, ref TBlock block)
        where TBlock : unmanaged, IEncodableBlock<TBlock>
        where TFormat : struct, IBlock32Encoder<TBlock>
    {
        var (min, max) = Encoding.Range(values);
        var origin = TFormat.HasMin ? min : 0;
        var extent = TFormat.HasMin ? max - min : Math.Max(max, -min);
        var largestCount = TFormat.HasMin ? (2 * TFormat.Levels) - 1 : TFormat.Levels - 1;
        Span<float> offsets = stackalloc float[Length];
        for (var i = 0; i < Length; i++)
        {
            offsets[i] = values[i] - origin;
        }

        if (!ExactGrid.TryFind<HalfStep>(offsets, extent, largestCount, out var step))
        {
            return;
        }

        Span<byte> codes = stackalloc byte[Length];
        for (var i = 0; i < Length; i++)
        {
            codes[i] = (byte)(MathF.Round(offsets[i] / step) + (TFormat.HasMin ? 0 : TFormat.Levels));
        }

        var exact = TFormat.Pack(step, origin, codes);
        if (!Decodes(block, values) && Decodes(exact, values))
        {
            block = exact;
        }
    }

    [SkipLocalsInit]
    private static bool Decodes<TBlock>(in TBlock block, ReadOnlySpan<float> values)
        where TBlock : unmanaged, IEncodableBlock<TBlock>
    {
        Span<float> decoded = stackalloc float[Length];
        TBlock.Decode(block, decoded);
        return decoded.SequenceEqual(values);
    }
}
