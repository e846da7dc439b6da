using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>
/// 32 columns of 8 rows whose halves have an integer sub-scale each, under a scale of the super-block. Products times sub-scales are exact integers;
/// their term is added first, then that of the minima.
/// </summary>
internal static unsafe class PairScaledGroup
{
    /// <summary>sum + total · scales · the input's scale − minima. Lane = row.</summary>
    /// <param name="total">Σ code·input·sub-scale; the format's offset is not removed.</param>
    /// <param name="subScales">Pairs of 16 bits.</param>
    /// <param name="subMins">Pairs of 16 bits.</param>
    /// <param name="mins">The common scales of the minima.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add<TBlock, TIsa>(
        Vector256<float> sum,
        Vector256<int> total,
        Vector256<int> subScales,
        Vector256<int> subMins,
        Vector256<float> scales,
        Vector256<float> mins,
        QuantizedGroup* input)
        where TBlock : unmanaged, ISuperBlock<TBlock>
        where TIsa : struct, IIsa
    {
        var halfSums = Vector256.Create(input->HalfSums).AsInt16();
        var inputScales = Vector256.Create(input->Scale);
        if (TBlock.Offset != 0)
        {
            total -= TIsa.MultiplyAddPairs(subScales.AsInt16() * Vector256.Create((short)TBlock.Offset), halfSums);
        }

        sum = TIsa.MultiplyAdd(Vector256.ConvertToSingle(total), scales * inputScales, sum);
        if (TBlock.HasMin)
        {
            sum = TIsa.MultiplyAdd(Vector256.ConvertToSingle(TIsa.MultiplyAddPairs(subMins.AsInt16(), halfSums)), -mins * inputScales, sum);
        }

        return sum;
    }

    /// <summary>The sub-scales and sub-minima of 8 rows, <paramref name="stride"/> bytes apart: [8 groups, 8 rows], each a pair of 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPairs<TBlock, TIsa>(byte* block, nint stride, int* subScales, int* subMins)
        where TBlock : unmanaged, ISuperBlock<TBlock>
        where TIsa : struct, IIsa
    {
        var rows = stackalloc short[8 * 16]; // [row, 2·group + half]
        for (var row = 0; row < 8; row++)
        {
            TBlock.SubScales(block + (row * stride)).Store(rows + (16 * row));
        }

        TIsa.Transpose((int*)rows, subScales);
        if (TBlock.HasMin)
        {
            for (var row = 0; row < 8; row++)
            {
                TBlock.SubMins(block + (row * stride)).Store(rows + (16 * row));
            }

            TIsa.Transpose((int*)rows, subMins);
        }
    }

    private const int PackedGroupBytes = PackedGroup.Bytes + 96;

    /// <summary>Bytes of a packed super-block: 8 × (codes, scales of the first half [8 rows, 2], of the last, minima [8 rows, 2]), two scales [8 rows].</summary>
    public const int PackedBytes = (8 * PackedGroupBytes) + 64;

    /// <summary>Unpacks 8 rows for <see cref="MultiplyPacked"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    public static void Pack<TBlock, TIsa>(byte* weights, nint stride, int blocks, byte* packed)
        where TBlock : unmanaged, ISuperBlock<TBlock>
        where TIsa : struct, IIsa
    {
        var subScales = stackalloc int[8 * 8]; // [group, row], each a pair
        var subMins = stackalloc int[8 * 8]; // [group, row], each a pair
        for (nint block = 0; block < blocks; block++, weights += sizeof(TBlock), packed += PackedBytes)
        {
            LoadPairs<TBlock, TIsa>(weights, stride, subScales, subMins);
            for (var group = 0; group < 8; group++)
            {
                var target = packed + (group * PackedGroupBytes);
                PackedGroup.Pack<TBlock, TIsa>(weights, stride, group, target);
                var pairs = Vector256.Load(subScales + (8 * group));
                var first = pairs & Vector256.Create(0xFFFF);
                var last = Vector256.ShiftRightLogical(pairs, 16);
                (first | (first << 16)).Store((int*)(target + PackedGroup.Bytes));
                (last | (last << 16)).Store((int*)(target + PackedGroup.Bytes + 32));
                Vector256.Load(subMins + (8 * group)).Store((int*)(target + PackedGroup.Bytes + 64));
            }

            TBlock.Scales(weights, stride).Store((float*)(packed + PackedBytes - 64));
            TBlock.Mins(weights, stride).Store((float*)(packed + PackedBytes - 32));
        }
    }

    /// <summary>8 packed rows times some input rows: output [count, 8 rows].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void MultiplyPacked<TBlock, TIsa>(byte* packed, QuantizedGroup** inputs, int count, int blocks, float* output)
        where TBlock : unmanaged, ISuperBlock<TBlock>
        where TIsa : struct, IIsa
    {
        for (var i = 0; i < count; i++)
        {
            Vector256<float>.Zero.Store(output + (8 * i));
        }

        for (nint block = 0; block < blocks; block++, packed += PackedBytes)
        {
            var scales = Vector256.Load((float*)(packed + PackedBytes - 64));
            var mins = Vector256.Load((float*)(packed + PackedBytes - 32));
            for (var i = 0; i < count; i++)
            {
                var p = packed;
                var x = inputs[i] + (8 * block);
                var sum = Vector256.Load(output + (8 * i));
                for (var group = 0; group < 8; group++, p += PackedGroupBytes, x++)
                {
                    var first = Vector256.Load((short*)(p + PackedGroup.Bytes));
                    var last = Vector256.Load((short*)(p + PackedGroup.Bytes + 32));
                    var total = PackedGroup.Dot<TBlock>(p, x->Codes, first, last);
                    var pairs = Vector256.ConditionalSelect(Vector256.Create(0xFFFF), first.AsInt32(), last.AsInt32());
                    sum = Add<TBlock, TIsa>(sum, total, pairs, Vector256.Load((int*)(p + PackedGroup.Bytes + 64)), scales, mins, x);
                }

                sum.Store(output + (8 * i));
            }
        }
    }
}
