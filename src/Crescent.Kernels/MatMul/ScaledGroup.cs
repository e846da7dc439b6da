using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>
/// 32 columns of 8 rows that have one scale a row: the step of the sums of blocks of 32, and of super-blocks with one sub-scale a group. The products
/// are exact integers; their term is added first, then that of the minimum.
/// </summary>
internal static unsafe class ScaledGroup
{
    /// <summary>sum + products · scales · the input's scale + minima · the input's weighted sum. Lane = row.</summary>
    /// <param name="products">Σ code·input; the format's offset is not removed.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add<TBlock, TIsa>(
        Vector256<float> sum, Vector256<int> products, Vector256<float> scales, Vector256<float> mins, QuantizedGroup* input)
        where TBlock : IGroupCodes
        where TIsa : struct, IIsa
    {
        if (TBlock.Offset != 0)
        {
            products -= TIsa.MultiplyAddPairs(Vector256.Create(input->HalfSums).AsInt16(), Vector256.Create((short)TBlock.Offset));
        }

        sum = TIsa.MultiplyAdd(Vector256.ConvertToSingle(products), scales * Vector256.Create(input->Scale), sum);
        return TBlock.HasMin ? TIsa.MultiplyAdd(mins, Vector256.Create(input->WeightedSum), sum) : sum;
    }

    /// <summary>Bytes of a packed group: codes, scales [8 rows], minima [8 rows].</summary>
    public const int PackedBytes = PackedGroup.Bytes + 64;

    /// <summary>Writes what goes beside the codes of a packed group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackScales<TBlock>(Vector256<float> scales, Vector256<float> mins, byte* packed)
        where TBlock : IGroupCodes
    {
        scales.Store((float*)(packed + PackedGroup.Bytes));
        if (TBlock.HasMin)
        {
            mins.Store((float*)(packed + PackedGroup.Bytes + 32));
        }
    }

    // Groups that an input row takes before the next one does: long enough that its codes stream, short enough that the weights stay cached.
    private const int GroupsAtOnce = 8;

    /// <summary>8 packed rows times some input rows: output [count, 8 rows].</summary>
    /// <remarks>
    /// The codes are loaded for every input row, from the first-level cache: unrolled over input rows, the compiler keeps 8 vectors of codes and
    /// spills the sums, which was slower.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void MultiplyPacked<TBlock, TIsa>(byte* packed, QuantizedGroup** inputs, int count, int groups, float* output)
        where TBlock : IGroupCodes
        where TIsa : struct, IIsa
    {
        for (var i = 0; i < count; i++)
        {
            Vector256<float>.Zero.Store(output + (8 * i));
        }

        for (nint start = 0; start < groups; start += GroupsAtOnce, packed += GroupsAtOnce * PackedBytes)
        {
            var end = Math.Min(start + GroupsAtOnce, groups);
            var input = inputs;
            var sums = output;
            for (var i = 0; i < count; i++, input++, sums += 8)
            {
                var sum = Vector256.Load(sums);
                var p = packed;
                var x = *input + start;
                for (var group = start; group < end; group++, p += PackedBytes, x++)
                {
                    var scales = Vector256.Load((float*)(p + PackedGroup.Bytes));
                    var mins = TBlock.HasMin ? Vector256.Load((float*)(p + PackedGroup.Bytes + 32)) : default;
                    sum = Add<TBlock, TIsa>(sum, PackedGroup.Dot<TBlock>(p, x->Codes), scales, mins, x);
                }

                sum.Store(sums);
            }
        }
    }
}
