using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>
/// The loops of the formats with super-blocks of 256. The order of sums: in a super-block the 8 groups' terms in a tree
/// ((0+1)+(2+3))+((4+5)+(6+7)), times the scale; the minima likewise; super-block by super-block along the row.
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
        var subScales = stackalloc short[8 * 16]; // [row, 2·group + half]
        var subMins = stackalloc short[8 * 16]; // [row, 2·group + half]: minima, or scales times the offset
        var scalePairs = stackalloc int[8 * 8]; // subScales transposed: [group, row], each a pair
        var corrections = stackalloc int[8 * 8]; // subMins transposed: [group, row], each a pair
        var terms = stackalloc float[8 * 8]; // [group, row]
        var minTerms = stackalloc float[8 * 8]; // [group, row]
        var sum = Vector256<float>.Zero; // lane = row
        for (nint block = 0; block < blocks; block++)
        {
            var w = weights + (block * sizeof(TBlock));
            for (var row = 0; row < 8; row++)
            {
                var scales = TBlock.SubScales(w + (row * stride));
                scales.Store(subScales + (16 * row));
                if (TBlock.HasMin || TBlock.Offset != 0)
                {
                    Corrections<TBlock>(w + (row * stride), scales).Store(subMins + (16 * row));
                }
            }

            if (TBlock.HasMin || TBlock.Offset != 0)
            {
                TIsa.Transpose((int*)subMins, corrections);
            }

            if (HasNarrowSums<TBlock>())
            {
                TIsa.Transpose((int*)subScales, scalePairs);
            }

            for (var group = 0; group < 8; group++)
            {
                TIsa.Prefetch(weights + (8 * (stride + (block * sizeof(TBlock)))) + (group * sizeof(TBlock)), sizeof(TBlock));
                var x = input + (8 * block) + group;
                var products = HasNarrowSums<TBlock>()
                    ? TIsa.MultiplyAddPairs(TIsa.DotHalves<TBlock>(w, stride, group, x->Codes).AsInt16(), Vector256.Load(scalePairs + (8 * group)).AsInt16())
                    : TIsa.DotRows<TBlock, GroupSubScales>(w, stride, group, x->Codes, subScales);
                AddGroup<TBlock, TIsa>(
                    products, corrections + (8 * group), x->Scale, x->HalfSums, terms + (8 * group), minTerms + (8 * group));
            }

            sum = AddBlock<TBlock, TIsa>(sum, terms, minTerms, TBlock.Scales(w, stride), TBlock.Mins(w, stride));
        }

        sum.Store(output);
    }

    /// <summary>Bytes of a packed super-block: 8 × (codes, scales of the first half [8 rows, 2], of the last, corrections [8 rows, 2]), two scales [8 rows].</summary>
    public const int PackedBytes = (8 * PackedGroupBytes) + 64;

    private const int PackedGroupBytes = PackedGroup.Bytes + 96;

    /// <summary>Unpacks 8 rows for <see cref="MultiplyPacked"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    public static void Pack<TBlock, TIsa>(byte* weights, nint stride, int blocks, byte* packed)
        where TBlock : unmanaged, ISuperBlock<TBlock>
        where TIsa : struct, IIsa
    {
        var rows = stackalloc short[8 * 16]; // [row, 2·group + half]
        var subScales = stackalloc int[8 * 8]; // [group, row], each a pair
        var corrections = stackalloc int[8 * 8]; // [group, row], each a pair
        for (nint block = 0; block < blocks; block++, weights += sizeof(TBlock), packed += PackedBytes)
        {
            for (var row = 0; row < 8; row++)
            {
                TBlock.SubScales(weights + (row * stride)).Store(rows + (16 * row));
            }

            TIsa.Transpose((int*)rows, subScales);
            if (TBlock.HasMin || TBlock.Offset != 0)
            {
                for (var row = 0; row < 8; row++)
                {
                    Corrections<TBlock>(weights + (row * stride), Vector256.Load(rows + (16 * row))).Store(rows + (16 * row));
                }

                TIsa.Transpose((int*)rows, corrections);
            }

            for (var group = 0; group < 8; group++)
            {
                var target = packed + (group * PackedGroupBytes);
                PackedGroup.Pack<TBlock, TIsa>(weights, stride, group, target);
                var pairs = Vector256.Load(subScales + (8 * group));
                var first = pairs & Vector256.Create(0xFFFF);
                var last = Vector256.ShiftRightLogical(pairs, 16);
                (first | (first << 16)).Store((int*)(target + PackedGroup.Bytes));
                (last | (last << 16)).Store((int*)(target + PackedGroup.Bytes + 32));
                Vector256.Load(corrections + (8 * group)).Store((int*)(target + PackedGroup.Bytes + 64));
            }

            TBlock.Scales(weights, stride).Store((float*)(packed + PackedBytes - 64));
            TBlock.Mins(weights, stride).Store((float*)(packed + PackedBytes - 32));
        }
    }

    /// <summary>8 packed rows times some input rows: output [count, 8 rows].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    public static void MultiplyPacked<TBlock, TIsa>(byte* packed, QuantizedGroup** inputs, int count, int blocks, float* output)
        where TBlock : unmanaged, ISuperBlock<TBlock>
        where TIsa : struct, IIsa
    {
        var terms = stackalloc float[64]; // [group, row]
        var minTerms = stackalloc float[64]; // [group, row]
        for (var i = 0; i < count; i++)
        {
            Vector256<float>.Zero.Store(output + (8 * i));
        }

        for (nint block = 0; block < blocks; block++, packed += PackedBytes)
        {
            var scales = Vector256.Load((float*)(packed + PackedBytes - 64));
            var mins = Vector256.Load((float*)(packed + PackedBytes - 32));
            var input = inputs;
            var sums = output;
            for (var i = 0; i < count; i++, input++, sums += 8)
            {
                var p = packed;
                var x = *input + (8 * block);
                for (nint group = 0; group < 8; group++, p += PackedGroupBytes, x++)
                {
                    var first = Vector256.Load((short*)(p + PackedGroup.Bytes));
                    var last = Vector256.Load((short*)(p + PackedGroup.Bytes + 32));
                    var products = PackedGroup.Dot<TBlock>(p, x->Codes, first, last);
                    AddGroup<TBlock, TIsa>(
                        products, (int*)(p + PackedGroup.Bytes + 64), x->Scale, x->HalfSums, terms + (8 * group), minTerms + (8 * group));
                }

                AddBlock<TBlock, TIsa>(Vector256.Load(sums), terms, minTerms, scales, mins).Store(sums);
            }
        }
    }

    /// <summary>What is multiplied by the sums of the input's codes: the minima, or the sub-scales times the offset.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Corrections<TBlock>(byte* block, Vector256<short> subScales)
        where TBlock : unmanaged, ISuperBlock<TBlock> =>
        TBlock.HasMin ? TBlock.SubMins(block) : subScales * Vector256.Create((short)TBlock.Offset);

    /// <summary>One group of 8 rows: writes its terms of both trees.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddGroup<TBlock, TIsa>(
        Vector256<int> products, int* corrections, float inputScale, int inputSums, float* terms, float* minTerms)
        where TBlock : unmanaged, ISuperBlock<TBlock>
        where TIsa : struct, IIsa
    {
        var inputScales = Vector256.Create(inputScale);
        if (TBlock.HasMin || TBlock.Offset != 0)
        {
            var correction = TIsa.MultiplyAddPairs(Vector256.Load(corrections).AsInt16(), Vector256.Create(inputSums).AsInt16());
            if (TBlock.HasMin)
            {
                (inputScales * Vector256.ConvertToSingle(correction)).Store(minTerms);
            }
            else
            {
                products -= correction;
            }
        }

        (inputScales * Vector256.ConvertToSingle(products)).Store(terms);
    }

    /// <summary>Adds one super-block of 8 rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> AddBlock<TBlock, TIsa>(
        Vector256<float> sum, float* terms, float* minTerms, Vector256<float> scales, Vector256<float> mins)
        where TBlock : unmanaged, ISuperBlock<TBlock>
        where TIsa : struct, IIsa
    {
        sum = TIsa.MultiplyAdd(scales, Tree(terms), sum);
        return TBlock.HasMin ? TIsa.MultiplyAdd(-mins, Tree(minTerms), sum) : sum;
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

    // Whether the sum over half a group fits 16 bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool HasNarrowSums<TBlock>()
        where TBlock : unmanaged, ISuperBlock<TBlock> => TBlock.MaxCode <= 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Tree(float* terms) =>
        ((Vector256.Load(terms) + Vector256.Load(terms + 8)) + (Vector256.Load(terms + 16) + Vector256.Load(terms + 24)))
        + ((Vector256.Load(terms + 32) + Vector256.Load(terms + 40)) + (Vector256.Load(terms + 48) + Vector256.Load(terms + 56)));
}
