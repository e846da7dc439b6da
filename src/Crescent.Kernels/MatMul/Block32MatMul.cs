using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>The loops of the formats with blocks of 32. The order of sums: block by block along the row, each as <see cref="ScaledGroup"/> adds it.</summary>
/// <remarks>Loops are never inlined: a caller recompiled from its profile would take one in without its steps, at a third of the speed.</remarks>
internal static unsafe class Block32MatMul
{
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
        if (TIsa.PairsBlocks && TBlock.NibblePosition >= 0)
        {
            for (; block <= blocks - 2; block += 2, input += 2)
            {
                var w = weights + (block * sizeof(TBlock));
                TIsa.Prefetch(weights + (8 * (stride + (block * sizeof(TBlock)))), 16 * sizeof(TBlock));
                PrefetchScales<TBlock, TIsa>(scales, scaleStride, block, 16);
                var products = TIsa.DotTwoBlocks<TBlock>(w, stride, input);
                sum = ScaledGroup.Add<TBlock, TIsa>(
                    sum, products.First, Scales<TBlock>(w, stride, scales, scaleStride, block), TBlock.Mins(w, stride), input);
                w += sizeof(TBlock);
                sum = ScaledGroup.Add<TBlock, TIsa>(
                    sum, products.Last, Scales<TBlock>(w, stride, scales, scaleStride, block + 1), TBlock.Mins(w, stride), input + 1);
            }
        }

        for (; block < blocks; block++, input++)
        {
            var w = weights + (block * sizeof(TBlock));
            TIsa.Prefetch(weights + (8 * (stride + (block * sizeof(TBlock)))), 8 * sizeof(TBlock));
            PrefetchScales<TBlock, TIsa>(scales, scaleStride, block, 8);
            var products = TIsa.DotHalves<TBlock>(w, stride, 0, input->Codes);
            sum = ScaledGroup.Add<TBlock, TIsa>(
                sum, products.First + products.Last, Scales<TBlock>(w, stride, scales, scaleStride, block), TBlock.Mins(w, stride), input);
        }

        sum.Store(output);
    }

    /// <summary>Unpacks 8 rows for <see cref="ScaledGroup.MultiplyPacked"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Pack<TBlock, TIsa>(in WeightRows rows, int blocks, byte* packed)
        where TBlock : unmanaged, IBlock32<TBlock>
        where TIsa : struct, IIsa
    {
        var weights = rows.Codes;
        var stride = rows.Stride;
        for (nint block = 0; block < blocks; block++, weights += sizeof(TBlock), packed += ScaledGroup.PackedBytes)
        {
            PackedGroup.Pack<TBlock, TIsa>(weights, stride, 0, packed);
            ScaledGroup.PackScales<TBlock>(
                Scales<TBlock>(weights, stride, rows.Scales, rows.ScaleStride, block), TBlock.Mins(weights, stride), packed);
        }
    }

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
}
