using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>The loops of the formats with blocks of 32. The order of sums: block by block along the row, in each the products first, then the minimum.</summary>
internal static unsafe class Block32MatMul
{
    /// <summary>8 rows, <paramref name="stride"/> bytes apart, times one input row, straight from the weights' own layout.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MultiplyRows<TBlock, TIsa>(byte* weights, nint stride, QuantizedRow input, int blocks, float* output)
        where TBlock : unmanaged, IBlock32<TBlock>
        where TIsa : struct, IIsa
    {
        var sum = Vector256<float>.Zero; // lane = row
        for (nint block = 0; block < blocks; block++)
        {
            var w = weights + (block * sizeof(TBlock));
            var products = TIsa.DotRows<TBlock, NoSubScales>(w, stride, 0, input.Codes + (32 * block), null);
            sum = AddBlock<TBlock, TIsa>(sum, products, TBlock.Scales(w, stride), TBlock.Mins(w, stride), input.Scales[block], input.Sums[block]);
        }

        sum.Store(output);
    }

    /// <summary>Adds one block of 8 rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> AddBlock<TBlock, TIsa>(
        Vector256<float> sum, Vector256<int> products, Vector256<float> scales, Vector256<float> mins, float inputScale, int inputSums)
        where TBlock : unmanaged, IBlock32<TBlock>
        where TIsa : struct, IIsa
    {
        var inputScales = Vector256.Create(inputScale);
        if (TBlock.Offset != 0)
        {
            products -= TIsa.MultiplyAddPairs(Vector256.Create(inputSums).AsInt16(), Vector256.Create((short)TBlock.Offset));
        }

        sum = TIsa.MultiplyAdd(Vector256.ConvertToSingle(products), scales * inputScales, sum);
        if (TBlock.HasMin)
        {
            var inputSum = TIsa.MultiplyAddPairs(Vector256.Create(inputSums).AsInt16(), Vector256<short>.One);
            sum = TIsa.MultiplyAdd(mins * inputScales, Vector256.ConvertToSingle(inputSum), sum);
        }

        return sum;
    }

    /// <summary>Decodes blocks to floats: the values of the reference decode.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decode<TBlock>(byte* weights, int blocks, float* values)
        where TBlock : unmanaged, IBlock32<TBlock>
    {
        for (nint block = 0; block < blocks; block++)
        {
            var w = weights + (block * sizeof(TBlock));
            var scale = TBlock.Scales(w, 0);
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
