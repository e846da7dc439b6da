using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Crescent.Kernels.MatMul;

/// <summary>Floats to the 8-bit form of <see cref="Activations"/>. The same bits at every instruction-set level.</summary>
internal static unsafe class ActivationQuantizer
{
    // 2^-119: largest magnitudes from here on have a finite 127/max.
    private const int SmallestMagnitude = 8 << 23;
    private const int InfinityBits = 0x7F800000;

    private const int GroupsAtOnce = 16;

    /// <summary>Quantises groups of 32 values.</summary>
    [SkipLocalsInit]
    public static void Quantize<TIsa>(ReadOnlySpan<float> values, Span<QuantizedGroup> groups)
        where TIsa : struct, IIsa
    {
        fixed (float* source = values)
        fixed (QuantizedGroup* target = groups)
        {
            var whole = groups.Length / CodeFit.Groups * CodeFit.Groups;
            QuantizeFours<TIsa>(source, target, whole);
            var left = groups.Length - whole;
            if (left > 0)
            {
                // As many groups as are fitted at once; what the last ones hold is not used.
                var padded = stackalloc float[32 * CodeFit.Groups];
                var records = stackalloc QuantizedGroup[CodeFit.Groups];
                values[(32 * whole)..].CopyTo(new Span<float>(padded, 32 * CodeFit.Groups));
                new Span<float>(padded + (32 * left), 32 * (CodeFit.Groups - left)).Clear();
                QuantizeFours<TIsa>(padded, records, CodeFit.Groups);
                new Span<QuantizedGroup>(records, left).CopyTo(groups[whole..]);
            }
        }
    }

    // One step for some groups, then the next: each step is one long chain, and the processor works on as many as it sees ahead.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    private static void QuantizeFours<TIsa>(float* values, QuantizedGroup* groups, int count)
        where TIsa : struct, IIsa
    {
        var magnitudes = stackalloc int[GroupsAtOnce];
        var reciprocals = stackalloc float[GroupsAtOnce];
        var crosses = stackalloc float[GroupsAtOnce];
        while (count > 0)
        {
            var some = Math.Min(count, GroupsAtOnce);
            for (nint group = 0; group < some; group++)
            {
                magnitudes[group] = LargestMagnitude(values + (32 * group));
            }

            for (nint group = 0; group < some; group += CodeFit.Groups)
            {
                CodeFit.Find<TIsa>(values + (32 * group), (float*)magnitudes + group, reciprocals + group, crosses + group);
            }

            for (nint group = 0; group < some; group += CodeFit.Groups)
            {
                Write(values + (32 * group), Vector128.Load(reciprocals + group), Vector128.Load(crosses + group), groups + group);
                var bits = Vector128.Load(magnitudes + group);
                if (Vector128.LessThanAny(bits, Vector128.Create(SmallestMagnitude)) || Vector128.GreaterThanOrEqualAny(bits, Vector128.Create(InfinityBits)))
                {
                    Correct(bits, groups + group);
                }
            }

            count -= some;
            values += 32 * some;
            groups += some;
        }
    }

    // Four groups.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(float* values, Vector128<float> reciprocals, Vector128<float> crosses, QuantizedGroup* groups)
    {
        WriteCodes(values, reciprocals[0], groups[0].Codes, out var first0, out var last0, out var squares0);
        WriteCodes(values + 32, reciprocals[1], groups[1].Codes, out var first1, out var last1, out var squares1);
        WriteCodes(values + 64, reciprocals[2], groups[2].Codes, out var first2, out var last2, out var squares2);
        WriteCodes(values + 96, reciprocals[3], groups[3].Codes, out var first3, out var last3, out var squares3);
        var firsts = CodeFit.Sum(first0, first1, first2, first3); // lane = group
        var lasts = CodeFit.Sum(last0, last1, last2, last3);
        var squares = Widen(Vector128.ConvertToSingle(CodeFit.Sum(squares0, squares1, squares2, squares3))); // below 2^24

        // The fit's small sums are exact enough for a scale that is right to the last bit of a float, nearly always.
        var scales = (squares + Widen(crosses)) / (squares * Widen(reciprocals));
        var scale = Vector128.Narrow(scales.GetLower(), scales.GetUpper());
        var sums = firsts + lasts;
        var halves = (firsts & Vector128.Create(0xFFFF)) | (lasts << 16);
        var weighted = scale * Vector128.ConvertToSingle(sums);
        WriteSums(groups, scale[0], sums[0], halves[0], weighted[0]);
        WriteSums(groups + 1, scale[1], sums[1], halves[1], weighted[1]);
        WriteSums(groups + 2, scale[2], sums[2], halves[2], weighted[2]);
        WriteSums(groups + 3, scale[3], sums[3], halves[3], weighted[3]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteSums(QuantizedGroup* group, float scale, int sum, int halves, float weighted)
    {
        group->Scale = scale;
        group->NegativeSum = -sum;
        group->HalfSums = halves;
        group->WeightedSum = weighted;
    }

    // Lanes of the sums of the first 16 codes, of the last, and of all squares.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteCodes(float* values, float reciprocal, sbyte* target, out Vector256<int> first, out Vector256<int> last, out Vector256<int> squares)
    {
        var factor = Vector256.Create(reciprocal);
        var codes0 = Round(values, factor);
        var codes1 = Round(values + 8, factor);
        var codes2 = Round(values + 16, factor);
        var codes3 = Round(values + 24, factor);
        first = codes0 + codes1;
        last = codes2 + codes3;
        if (!Avx2.IsSupported)
        {
            Vector256.Narrow(Vector256.Narrow(codes0, codes1), Vector256.Narrow(codes2, codes3)).Store(target);
            squares = (codes0 * codes0) + (codes1 * codes1) + (codes2 * codes2) + (codes3 * codes3);
            return;
        }

        // Packing works in each half of a register: [0 1 2 3 | 0 1 2 3] blocks of four codes.
        var shorts0 = Avx2.PackSignedSaturate(codes0, codes1);
        var shorts1 = Avx2.PackSignedSaturate(codes2, codes3);
        squares = Avx2.MultiplyAddAdjacent(shorts0, shorts0) + Avx2.MultiplyAddAdjacent(shorts1, shorts1);
        var packed = Avx2.PackSignedSaturate(shorts0, shorts1).AsInt32();
        Avx2.PermuteVar8x32(packed, Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7)).AsSByte().Store(target);
    }

    // Groups that have no finite reciprocal.
    private static void Correct(Vector128<int> bits, QuantizedGroup* groups)
    {
        for (var i = 0; i < CodeFit.Groups; i++)
        {
            if (bits[i] is < SmallestMagnitude or >= InfinityBits)
            {
                groups[i] = default;
                groups[i].Scale = groups[i].WeightedSum = bits[i] >= InfinityBits ? float.NaN : 0;
            }
        }
    }

    // As bits: magnitudes compare as integers, and so rank infinity and NaN above all numbers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int LargestMagnitude(float* values)
    {
        var largest = Vector256.Max(
            Vector256.Max(Magnitude(values), Magnitude(values + 8)), Vector256.Max(Magnitude(values + 16), Magnitude(values + 24)));
        var four = Vector128.Max(largest.GetLower(), largest.GetUpper());
        four = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        four = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(1, 0, 3, 2)));
        return four.ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Magnitude(float* values) => Vector256.Load((int*)values) & Vector256.Create(0x7FFFFFFF);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Round(float* values, Vector256<float> reciprocal) =>
        Vector256.ConvertToInt32Native(Vector256.Round(Vector256.Load(values) * reciprocal));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Widen(Vector128<float> values) => Vector256.Create(Vector128.WidenLower(values), Vector128.WidenUpper(values));
}
