using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>The loops of the formats with blocks of 32. The order of sums: block by block along the row, in each the products first, then the minimum.</summary>
/// <remarks>Loops are never inlined: a caller recompiled from its profile would take one in without its steps, at a third of the speed.</remarks>
internal static unsafe class Block32MatMul
{
    // Blocks that an input row takes before the next one does: long enough that its codes stream, short enough that the weights stay cached.
    private const int BlocksAtOnce = 8;

    // What DotNibbles has subtracted from the codes.
    private const int NibbleOffset = 8;

    /// <summary>8 rows times one input row, straight from the weights' own layout.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void MultiplyRows<TBlock, TIsa>(in WeightRows rows, QuantizedGroup* input, int blocks, float* output)
        where TBlock : unmanaged, IBlock32<TBlock>
        where TIsa : struct, IIsa
    {
        var weights = rows.Codes;
        var stride = rows.Stride;
        var scales = rows.Scales;
        var scaleStride = rows.ScaleStride;
        var sum = Vector256<float>.Zero; // lane = row
        nint block = 0;
        if (TIsa.PairsNibbles && TBlock.NibblePosition >= 0)
        {
            for (; block <= blocks - 2; block += 2)
            {
                var w = weights + (block * sizeof(TBlock));
                TIsa.Prefetch(weights + (8 * (stride + (block * sizeof(TBlock)))), 16 * sizeof(TBlock));
                PrefetchScales<TBlock, TIsa>(scales, scaleStride, block, 16);
                var products = TIsa.DotNibbles<TBlock>(w + TBlock.NibblePosition, sizeof(TBlock), stride, input + block);
                sum = AddBlock<TBlock, TIsa>(
                    sum,
                    Widen(products.GetLower()),
                    NibbleOffset,
                    Scales<TBlock>(w, stride, scales, scaleStride, block),
                    TBlock.Mins(w, stride),
                    input[block].Scale,
                    input[block].HalfSums);
                w += sizeof(TBlock);
                sum = AddBlock<TBlock, TIsa>(
                    sum,
                    Widen(products.GetUpper()),
                    NibbleOffset,
                    Scales<TBlock>(w, stride, scales, scaleStride, block + 1),
                    TBlock.Mins(w, stride),
                    input[block + 1].Scale,
                    input[block + 1].HalfSums);
            }
        }

        for (; block < blocks; block++)
        {
            var w = weights + (block * sizeof(TBlock));
            TIsa.Prefetch(weights + (8 * (stride + (block * sizeof(TBlock)))), 8 * sizeof(TBlock));
            PrefetchScales<TBlock, TIsa>(scales, scaleStride, block, 8);
            var products = TIsa.DotRows<TBlock, NoSubScales>(w, stride, 0, input[block].Codes, null);
            sum = AddBlock<TBlock, TIsa>(
                sum, products, 0, Scales<TBlock>(w, stride, scales, scaleStride, block), TBlock.Mins(w, stride), input[block].Scale, input[block].HalfSums);
        }

        sum.Store(output);
    }

    /// <summary>Bytes of a packed block: codes, scales [8 rows], minima [8 rows].</summary>
    public const int PackedBytes = PackedGroup.Bytes + 64;

    /// <summary>Unpacks 8 rows for <see cref="MultiplyPacked"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Pack<TBlock, TIsa>(in WeightRows rows, int blocks, byte* packed)
        where TBlock : unmanaged, IBlock32<TBlock>
        where TIsa : struct, IIsa
    {
        var weights = rows.Codes;
        var stride = rows.Stride;
        for (nint block = 0; block < blocks; block++, weights += sizeof(TBlock), packed += PackedBytes)
        {
            PackedGroup.Pack<TBlock, TIsa>(weights, stride, 0, packed);
            Scales<TBlock>(weights, stride, rows.Scales, rows.ScaleStride, block).Store((float*)(packed + PackedGroup.Bytes));
            if (TBlock.HasMin)
            {
                TBlock.Mins(weights, stride).Store((float*)(packed + PackedGroup.Bytes + 32));
            }
        }
    }

    /// <summary>8 packed rows times some input rows: output [count, 8 rows].</summary>
    /// <remarks>
    /// The codes are loaded for every input row, from the first-level cache: unrolled over input rows, the compiler keeps 8 vectors of codes and
    /// spills the sums, which was slower.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void MultiplyPacked<TBlock, TIsa>(byte* packed, QuantizedGroup** inputs, int count, int blocks, float* output)
        where TBlock : unmanaged, IBlock32<TBlock>
        where TIsa : struct, IIsa
    {
        for (var i = 0; i < count; i++)
        {
            Vector256<float>.Zero.Store(output + (8 * i));
        }

        for (nint start = 0; start < blocks; start += BlocksAtOnce, packed += BlocksAtOnce * PackedBytes)
        {
            var end = Math.Min(start + BlocksAtOnce, blocks);
            var input = inputs;
            var sums = output;
            for (var i = 0; i < count; i++, input++, sums += 8)
            {
                var sum = Vector256.Load(sums);
                var p = packed;
                var x = *input + start;
                for (var block = start; block < end; block++, p += PackedBytes, x++)
                {
                    var products = PackedGroup.Dot<TBlock>(p, x->Codes);
                    var scales = Vector256.Load((float*)(p + PackedGroup.Bytes));
                    var mins = TBlock.HasMin ? Vector256.Load((float*)(p + PackedGroup.Bytes + 32)) : default;
                    sum = AddBlock<TBlock, TIsa>(sum, products, 0, scales, mins, x->Scale, x->HalfSums);
                }

                sum.Store(sums);
            }
        }
    }

    /// <summary>Adds one block of 8 rows.</summary>
    /// <param name="removed">What has been subtracted from the codes already.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> AddBlock<TBlock, TIsa>(
        Vector256<float> sum, Vector256<int> products, int removed, Vector256<float> scales, Vector256<float> mins, float inputScale, int inputSums)
        where TBlock : unmanaged, IBlock32<TBlock>
        where TIsa : struct, IIsa
    {
        var inputScales = Vector256.Create(inputScale);
        if (TBlock.Offset != removed)
        {
            products -= TIsa.MultiplyAddPairs(Vector256.Create(inputSums).AsInt16(), Vector256.Create((short)(TBlock.Offset - removed)));
        }

        sum = TIsa.MultiplyAdd(Vector256.ConvertToSingle(products), scales * inputScales, sum);
        if (TBlock.HasMin)
        {
            var inputSum = TIsa.MultiplyAddPairs(Vector256.Create(inputSums).AsInt16(), Vector256<short>.One);
            sum = TIsa.MultiplyAdd(mins * inputScales, Vector256.ConvertToSingle(inputSum), sum);
        }

        return sum;
    }

    /// <summary>The scales of a block of 8 rows: out of the blocks, or from where scales lie apart. Which one is a constant of the format.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Scales<TBlock>(byte* blocks, nint stride, byte* scales, nint scaleStride, nint block)
        where TBlock : unmanaged, IBlock32<TBlock> =>
        TBlock.ScaleBytes == 0 ? TBlock.Scales(blocks, stride) : TBlock.Scales(scales + (block * TBlock.ScaleBytes), scaleStride);

    // As the codes, the next 8 rows' scales one after the other.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchScales<TBlock, TIsa>(byte* scales, nint scaleStride, nint block, int count)
        where TBlock : unmanaged, IBlock32<TBlock>
        where TIsa : struct, IIsa
    {
        if (TBlock.ScaleBytes != 0)
        {
            TIsa.Prefetch(scales + (8 * (scaleStride + (block * TBlock.ScaleBytes))), count * TBlock.ScaleBytes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen(Vector128<short> values) => Unpacking.Widen(values);

    /// <summary>Decodes blocks to floats: the values of the reference decode.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Decode<TBlock>(byte* weights, byte* scales, int blocks, float* values)
        where TBlock : unmanaged, IBlock32<TBlock>
    {
        for (nint block = 0; block < blocks; block++)
        {
            var w = weights + (block * sizeof(TBlock));
            var scale = Scales<TBlock>(w, 0, scales, 0, block);
            var min = TBlock.Mins(w, 0);
            var codes = TBlock.Unpack(w, 0);
            var (first, last) = GroupDecoder.Widen<TBlock>(codes);
            GroupDecoder.Store<TBlock>(first.GetLower(), scale, min, values + (32 * block));
            GroupDecoder.Store<TBlock>(first.GetUpper(), scale, min, values + (32 * block) + 8);
            GroupDecoder.Store<TBlock>(last.GetLower(), scale, min, values + (32 * block) + 16);
            GroupDecoder.Store<TBlock>(last.GetUpper(), scale, min, values + (32 * block) + 24);
        }
    }
}
