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

    /// <summary>Bytes of a packed block: codes, scales [8 rows], minima [8 rows].</summary>
    public const int PackedBytes = PackedGroup.Bytes + 64;

    /// <summary>Unpacks 8 rows for <see cref="MultiplyPacked"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack<TBlock, TIsa>(byte* weights, nint stride, int blocks, byte* packed)
        where TBlock : unmanaged, IBlock32<TBlock>
        where TIsa : struct, IIsa
    {
        for (nint block = 0; block < blocks; block++, weights += sizeof(TBlock), packed += PackedBytes)
        {
            PackedGroup.Pack<TBlock, TIsa>(weights, stride, 0, packed);
            TBlock.Scales(weights, stride).Store((float*)(packed + PackedGroup.Bytes));
            if (TBlock.HasMin)
            {
                TBlock.Mins(weights, stride).Store((float*)(packed + PackedGroup.Bytes + 32));
            }
        }
    }

    /// <summary>8 packed rows times four input rows: [4, 8 rows].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MultiplyPacked<TBlock, TIsa>(byte* packed, QuantizedRow* inputs, int blocks, float* output)
        where TBlock : unmanaged, IBlock32<TBlock>
        where TIsa : struct, IIsa
    {
        var sum0 = Vector256<float>.Zero; // lane = row
        var sum1 = Vector256<float>.Zero;
        var sum2 = Vector256<float>.Zero;
        var sum3 = Vector256<float>.Zero;
        for (nint block = 0; block < blocks; block++, packed += PackedBytes)
        {
            sum0 = AddPacked<TBlock, TIsa>(sum0, packed, inputs, block);
            sum1 = AddPacked<TBlock, TIsa>(sum1, packed, inputs + 1, block);
            sum2 = AddPacked<TBlock, TIsa>(sum2, packed, inputs + 2, block);
            sum3 = AddPacked<TBlock, TIsa>(sum3, packed, inputs + 3, block);
        }

        sum0.Store(output);
        sum1.Store(output + 8);
        sum2.Store(output + 16);
        sum3.Store(output + 24);
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

    // The four calls in a loop read the same codes: the compiler keeps them in registers or takes them from the first-level cache.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> AddPacked<TBlock, TIsa>(Vector256<float> sum, byte* packed, QuantizedRow* input, nint block)
        where TBlock : unmanaged, IBlock32<TBlock>
        where TIsa : struct, IIsa
    {
        var products = PackedGroup.Dot<TBlock>(
            Vector256.Load(packed),
            Vector256.Load(packed + 32),
            Vector256.Load(packed + 64),
            Vector256.Load(packed + 96),
            Vector256.Load(packed + 128),
            Vector256.Load(packed + 160),
            Vector256.Load(packed + 192),
            Vector256.Load(packed + 224),
            input->Codes + (32 * block));
        var scales = Vector256.Load((float*)(packed + PackedGroup.Bytes));
        var mins = TBlock.HasMin ? Vector256.Load((float*)(packed + PackedGroup.Bytes + 32)) : default;
        return AddBlock<TBlock, TIsa>(sum, products, scales, mins, input->Scales[block], input->Sums[block]);
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
