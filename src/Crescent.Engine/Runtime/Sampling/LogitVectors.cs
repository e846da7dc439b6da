using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Engine.Runtime.Sampling;

/// <summary>
/// The passes over a whole vocabulary. Sums take eight lanes in order and no fused multiply-add, whatever the width of the processor's vectors, so
/// sums and exponentials are the same bits on every machine.
/// </summary>
internal static class LogitVectors
{
    /// <summary>Logits in a block; a block's maximum lets later passes skip it.</summary>
    public const int BlockLength = 64;

    private const int Lanes = 8;

    public static int BlockCount(int vocab) => (vocab + BlockLength - 1) / BlockLength;

    /// <summary>The maximum of every block. False where a logit is NaN or infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool BlockMaxima(ReadOnlySpan<float> logits, Span<float> maxima)
    {
        // x · 0 is 0 for a finite x, else NaN.
        var spoiled = Vector512<float>.Zero;
        Span<float> padded = stackalloc float[BlockLength];
        for (var block = 0; block < maxima.Length; block++)
        {
            ref var x = ref Padded(logits, block, logits[^1], padded);
            var (a, b, c, d) = Load(ref x);
            spoiled += (a * Vector512<float>.Zero) + (b * Vector512<float>.Zero) + (c * Vector512<float>.Zero) + (d * Vector512<float>.Zero);
            var largest = Vector512.MaxNative(Vector512.MaxNative(a, b), Vector512.MaxNative(c, d));
            maxima[block] = Maximum(Vector256.MaxNative(largest.GetLower(), largest.GetUpper()));
        }

        return Vector512.EqualsAll(spoiled, Vector512<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Maximum(ReadOnlySpan<float> values)
    {
        var largest = Vector256.Create(float.NegativeInfinity);
        var i = 0;
        for (; i <= values.Length - Lanes; i += Lanes)
        {
            largest = Vector256.Max(largest, Vector256.Create(values[i..]));
        }

        var maximum = Maximum(largest);
        for (; i < values.Length; i++)
        {
            maximum = MathF.Max(maximum, values[i]);
        }

        return maximum;
    }

    /// <summary>Σ exp((logit − maximum) · scale) of what <paramref name="border"/> keeps of every block, and their sum.</summary>
    /// <param name="maxima">[blocks]</param>
    /// <param name="sums">[blocks]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double BlockSums(ReadOnlySpan<float> logits, ReadOnlySpan<float> maxima, LogitBorder border, float maximum, float scale, Span<double> sums)
    {
        var total = 0.0;
        Span<float> kept = stackalloc float[BlockLength];
        Span<float> weights = stackalloc float[BlockLength];
        ref var y = ref MemoryMarshal.GetReference(weights);
        for (var block = 0; block < sums.Length; block++)
        {
            sums[block] = 0;
            if (maxima[block] < border.Logit)
            {
                continue;
            }

            ref var x = ref border.TryLeast(block, logits.Length, out var limit) ? ref Reference(logits, block) : ref border.Keep(logits, block, kept);
            LogitExponentials.Block(ref x, maximum, scale, ref y);
            var least = Vector256.Create(limit);
            var sum = Vector256<float>.Zero;
            for (nuint i = 0; i < BlockLength; i += Lanes)
            {
                sum += AtLeast(ref x, ref y, i, least);
            }

            total += sums[block] = Sum(sum);
        }

        return total;
    }

    /// <summary>exp(logit − maximum) of all logits, and their sum block by block.</summary>
    /// <param name="weights">[blocks · 64]; zero past the last logit</param>
    /// <param name="sums">[blocks]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Weights(ReadOnlySpan<float> logits, float maximum, Span<float> weights, Span<double> sums)
    {
        var total = 0.0;
        Span<float> padded = stackalloc float[BlockLength];
        for (var block = 0; block < sums.Length; block++)
        {
            ref var x = ref Padded(logits, block, float.NegativeInfinity, padded);
            ref var y = ref weights[block * BlockLength];
            LogitExponentials.Block(ref x, maximum, 1, ref y);
            var sum = Vector256<float>.Zero;
            for (nuint i = 0; i < BlockLength; i += Lanes)
            {
                sum += Vector256.LoadUnsafe(ref y, i);
            }

            total += sums[block] = Sum(sum);
        }

        return total;
    }

    /// <summary>Σ of the weights whose logits are at least an edge, for every edge, over every <paramref name="step"/>-th block.</summary>
    /// <param name="weights">[blocks · 64]</param>
    /// <param name="edges">Ascending.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MassesAbove(ReadOnlySpan<float> logits, ReadOnlySpan<float> weights, ReadOnlySpan<float> maxima, int step, ReadOnlySpan<float> edges, Span<double> masses)
    {
        // Few enough blocks in float32 that their rounding does not move a border.
        const int BlocksInFloat = 16;
        Span<Vector512<float>> sums = stackalloc Vector512<float>[edges.Length];
        Span<float> padded = stackalloc float[BlockLength];
        sums.Clear();
        masses.Clear();
        var held = 0;
        for (var block = 0; block < maxima.Length; block += step)
        {
            if (maxima[block] < edges[0])
            {
                continue;
            }

            var (a, b, c, d) = Load(ref Padded(logits, block, float.NegativeInfinity, padded));
            var (p, q, r, s) = Load(ref Unsafe.AsRef(in weights[block * BlockLength]));
            for (var i = 0; i < edges.Length; i++)
            {
                var edge = Vector512.Create(edges[i]);
                var first = Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(a, edge), p, Vector512<float>.Zero)
                    + Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(b, edge), q, Vector512<float>.Zero);
                var second = Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(c, edge), r, Vector512<float>.Zero)
                    + Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(d, edge), s, Vector512<float>.Zero);
                sums[i] += first + second;
            }

            if (++held == BlocksInFloat)
            {
                Flush(sums, masses);
                held = 0;
            }
        }

        Flush(sums, masses);
    }

    /// <summary>exp((value − maximum) · scale) of every value.</summary>
    /// <param name="values">[blocks · 64]</param>
    /// <param name="exponentials">[blocks · 64]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WholeExponentials(ReadOnlySpan<float> values, float maximum, float scale, Span<float> exponentials)
    {
        for (var block = 0; block < values.Length / BlockLength; block++)
        {
            LogitExponentials.Block(ref Reference(values, block), maximum, scale, ref exponentials[block * BlockLength]);
        }
    }

    /// <summary>exp((value − maximum) · scale) of every value, and their sum in order.</summary>
    public static double Exponentials(ReadOnlySpan<float> values, float maximum, float scale, Span<float> exponentials)
    {
        var whole = values.Length / BlockLength * BlockLength;
        WholeExponentials(values[..whole], maximum, scale, exponentials);
        if (whole < values.Length)
        {
            Span<float> rest = stackalloc float[BlockLength];
            rest.Fill(maximum);
            values[whole..].CopyTo(rest);
            WholeExponentials(rest, maximum, scale, rest);
            rest[..(values.Length - whole)].CopyTo(exponentials[whole..]);
        }

        var sum = 0.0;
        foreach (var value in exponentials[..values.Length])
        {
            sum += value;
        }

        return sum;
    }

    /// <summary>A block's logits; the last may be shorter.</summary>
    public static ReadOnlySpan<float> Block(ReadOnlySpan<float> logits, int block)
    {
        var start = block * BlockLength;
        return logits.Slice(start, Math.Min(BlockLength, logits.Length - start));
    }

    // The block's 64 logits; a shorter one is copied, and filled up.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float Padded(ReadOnlySpan<float> logits, int block, float filler, Span<float> padded)
    {
        if ((block + 1) * BlockLength <= logits.Length)
        {
            return ref Reference(logits, block);
        }

        padded.Fill(filler);
        Block(logits, block).CopyTo(padded);
        return ref MemoryMarshal.GetReference(padded);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float Reference(ReadOnlySpan<float> logits, int block) => ref Unsafe.AsRef(in logits[block * BlockLength]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float> A, Vector512<float> B, Vector512<float> C, Vector512<float> D) Load(ref float x) =>
        (Vector512.LoadUnsafe(ref x), Vector512.LoadUnsafe(ref x, 16), Vector512.LoadUnsafe(ref x, 32), Vector512.LoadUnsafe(ref x, 48));

    private static void Flush(Span<Vector512<float>> sums, Span<double> masses)
    {
        for (var i = 0; i < sums.Length; i++)
        {
            var (low, high) = Vector512.Widen(sums[i]);
            masses[i] += Vector512.Sum(low + high);
            sums[i] = Vector512<float>.Zero;
        }
    }

    // The weights from i on whose values are at least the edge, zero for the others.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> AtLeast(ref float values, ref float weights, nuint i, Vector256<float> edge) => Vector256.ConditionalSelect(
        Vector256.GreaterThanOrEqual(Vector256.LoadUnsafe(ref values, i), edge), Vector256.LoadUnsafe(ref weights, i), Vector256<float>.Zero);

    private static float Maximum(Vector256<float> v)
    {
        var four = Vector128.MaxNative(v.GetLower(), v.GetUpper());
        return MathF.Max(MathF.Max(four[0], four[1]), MathF.Max(four[2], four[3]));
    }

    private static float Sum(Vector256<float> v)
    {
        var pairs = v.GetLower() + v.GetUpper();
        return pairs[0] + pairs[1] + (pairs[2] + pairs[3]);
    }
}
