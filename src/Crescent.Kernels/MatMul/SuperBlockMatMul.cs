using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>
/// The loops of the formats with super-blocks of 256. The order of sums: group by group of 32 along the row. Where a group has one sub-scale, as
/// <see cref="ScaledGroup"/> adds it; where it has two, as <see cref="PairScaledGroup"/> does.
/// </summary>
internal static unsafe class SuperBlockMatMul
{
    /// <summary>8 rows, <paramref name="stride"/> bytes apart, times one input row, straight from the weights' own layout.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    public static void MultiplyRows<TBlock, TIsa>(byte* weights, nint stride, QuantizedGroup* input, int blocks, float* output)
        where TBlock : unmanaged, ISuperBlock<TBlock>
        where TIsa : struct, IIsa
    {
        var scales = stackalloc float[8 * 8]; // [group, row]
        var mins = stackalloc float[8 * 8]; // [group, row]
        var sum = Vector256<float>.Zero; // lane = row
        for (nint block = 0; block < blocks; block++, weights += sizeof(TBlock))
        {
            TBlock.GroupScales(weights, stride, scales, mins);
            for (var group = 0; group < 8; group++, input++)
            {
                TIsa.Prefetch(weights + (8 * stride) + (((7 * block) + group) * sizeof(TBlock)), sizeof(TBlock)); // the next 8 rows, in order
                var products = TIsa.DotHalves<TBlock>(weights, stride, group, input->Codes);
                sum = ScaledGroup.Add<TBlock, TIsa>(
                    sum, products.First + products.Last, Vector256.Load(scales + (8 * group)), Vector256.Load(mins + (8 * group)), input);
            }
        }

        sum.Store(output);
    }

    /// <summary>As <see cref="MultiplyRows"/> for two sub-scales a group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    public static void MultiplyPairedRows<TBlock, TIsa>(byte* weights, nint stride, QuantizedGroup* input, int blocks, float* output)
        where TBlock : unmanaged, ISuperBlock<TBlock>
        where TIsa : struct, IIsa
    {
        var subScales = stackalloc int[8 * 8]; // [group, row], each a pair
        var subMins = stackalloc int[8 * 8]; // [group, row], each a pair
        var sum = Vector256<float>.Zero; // lane = row
        for (nint block = 0; block < blocks; block++, weights += sizeof(TBlock))
        {
            PairScaledGroup.LoadPairs<TBlock, TIsa>(weights, stride, subScales, subMins);
            var scales = TBlock.Scales(weights, stride);
            var mins = TBlock.Mins(weights, stride);
            for (var group = 0; group < 8; group++, input++)
            {
                TIsa.Prefetch(weights + (8 * stride) + (((7 * block) + group) * sizeof(TBlock)), sizeof(TBlock)); // the next 8 rows, in order
                var products = TIsa.DotHalves<TBlock>(weights, stride, group, input->Codes);
                var pairs = Vector256.Load(subScales + (8 * group));
                var total = (products.First * ((pairs << 16) >> 16)) + (products.Last * (pairs >> 16));
                sum = PairScaledGroup.Add<TBlock, TIsa>(sum, total, pairs, Vector256.Load(subMins + (8 * group)), scales, mins, input);
            }
        }

        sum.Store(output);
    }

    /// <summary>Unpacks 8 rows with one sub-scale a group for <see cref="ScaledGroup.MultiplyPacked"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    public static void Pack<TBlock, TIsa>(byte* weights, nint stride, int blocks, byte* packed)
        where TBlock : unmanaged, ISuperBlock<TBlock>
        where TIsa : struct, IIsa
    {
        var scales = stackalloc float[8 * 8]; // [group, row]
        var mins = stackalloc float[8 * 8]; // [group, row]
        for (nint block = 0; block < blocks; block++, weights += sizeof(TBlock))
        {
            TBlock.GroupScales(weights, stride, scales, mins);
            for (var group = 0; group < 8; group++, packed += ScaledGroup.PackedBytes)
            {
                PackedGroup.Pack<TBlock, TIsa>(weights, stride, group, packed);
                ScaledGroup.PackScales<TBlock>(Vector256.Load(scales + (8 * group)), Vector256.Load(mins + (8 * group)), packed);
            }
        }
    }

    /// <summary>Decodes super-blocks to floats: the values of the reference decode.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    public static void Decode<TBlock>(byte* weights, int blocks, float* values)
        where TBlock : unmanaged, ISuperBlock<TBlock>
    {
        var subScales = stackalloc short[16];
        var subMins = stackalloc short[16];
        for (nint block = 0; block < blocks; block++)
        {
            var w = weights + (block * sizeof(TBlock));
            var scale = TBlock.Scales(w, 0);
            var min = TBlock.Mins(w, 0);
            TBlock.SubScales(w).Store(subScales);
            TBlock.SubMins(w).Store(subMins);
            for (var group = 0; group < 8; group++)
            {
                var target = values + (256 * block) + (32 * group);
                var (first, last) = GroupDecoder.Widen<TBlock>(TBlock.Unpack(w, group));
                var scale0 = scale * Vector256.Create((float)subScales[2 * group]);
                var scale1 = scale * Vector256.Create((float)subScales[(2 * group) + 1]);
                // code·scale − min is code·scale + (−min), bit for bit.
                var min0 = TBlock.HasMin ? -(min * Vector256.Create((float)subMins[2 * group])) : default;
                var min1 = TBlock.HasMin ? -(min * Vector256.Create((float)subMins[(2 * group) + 1])) : default;
                GroupDecoder.Store<TBlock>(first.GetLower(), scale0, min0, target);
                GroupDecoder.Store<TBlock>(first.GetUpper(), scale0, min0, target + 8);
                GroupDecoder.Store<TBlock>(last.GetLower(), scale1, min1, target + 16);
                GroupDecoder.Store<TBlock>(last.GetUpper(), scale1, min1, target + 24);
            }
        }
    }
}
