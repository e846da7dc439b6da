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
        var (m, s) = (Vector512.Create(maximum), Vector512.Create(scale));
        for (var block = 0; block < sums.Length; block++)
        {
            sums[block] = 0;
            if (maxima[block] < border.Logit)
            {
                continue;
            }

            ref var x = ref border.TryLeast(block, logits.Length, out var limit) ? ref Reference(logits, block) : ref border.Keep(logits, block, kept);
            var (a, b, c, d) = Load(ref x);
            var least = Vector512.Create(limit);
            var sum = Vector256<float>.Zero;
            Add(ref sum, Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(a, least), Exp((a - m) * s), Vector512<float>.Zero));
            Add(ref sum, Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(b, least), Exp((b - m) * s), Vector512<float>.Zero));
            Add(ref sum, Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(c, least), Exp((c - m) * s), Vector512<float>.Zero));
            Add(ref sum, Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(d, least), Exp((d - m) * s), Vector512<float>.Zero));
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
        var m = Vector512.Create(maximum);
        for (var block = 0; block < sums.Length; block++)
        {
            ref var x = ref Padded(logits, block, float.NegativeInfinity, padded);
            ref var y = ref weights[block * BlockLength];
            var sum = Vector256<float>.Zero;
            for (var i = 0; i < BlockLength; i += Vector512<float>.Count)
            {
                var e = Exp(Vector512.LoadUnsafe(ref x, (nuint)i) - m);
                e.StoreUnsafe(ref y, (nuint)i);
                Add(ref sum, e);
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

    /// <summary>exp((value − maximum) · scale) of every value, and their sum in order.</summary>
    public static double Exponentials(ReadOnlySpan<float> values, float maximum, float scale, Span<float> exponentials)
    {
        Span<float> rest = stackalloc float[2 * Lanes];
        for (var i = 0; i < values.Length; i += rest.Length)
        {
            var count = Math.Min(rest.Length, values.Length - i);
            rest.Clear();
            values.Slice(i, count).CopyTo(rest);
            Exp((Vector512.Create(rest) - Vector512.Create(maximum)) * Vector512.Create(scale)).CopyTo(rest);
            rest[..count].CopyTo(exponentials[i..]);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref Vector256<float> sum, Vector512<float> values)
    {
        sum += values.GetLower();
        sum += values.GetUpper();
    }

    private static void Flush(Span<Vector512<float>> sums, Span<double> masses)
    {
        for (var i = 0; i < sums.Length; i++)
        {
            var (low, high) = Vector512.Widen(sums[i]);
            masses[i] += Vector512.Sum(low + high);
            sums[i] = Vector512<float>.Zero;
        }
    }

    /// <summary>exp for x ≤ 0, 0 below −87 (Cephes expf: 2ⁿ · polynomial in the remainder; relative error about 1e-7).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Exp(Vector512<float> x)
    {
        if (!Vector512.IsHardwareAccelerated)
        {
            // The platform's emulation of these steps is several times slower than two of half the width.
            return Vector512.Create(Exp(x.GetLower()), Exp(x.GetUpper()));
        }

        var n = Vector512.Floor((x * Vector512.Create(1.44269504088896341f)) + Vector512.Create(0.5f));
        var r = x - (n * Vector512.Create(0.693359375f)) - (n * Vector512.Create(-2.12194440e-4f));
        var p = Vector512.Create(1.9875691500e-4f);
        p = (p * r) + Vector512.Create(1.3981999507e-3f);
        p = (p * r) + Vector512.Create(8.3334519073e-3f);
        p = (p * r) + Vector512.Create(4.1665795894e-2f);
        p = (p * r) + Vector512.Create(1.6666665459e-1f);
        p = (p * r) + Vector512.Create(5.0000001201e-1f);
        p = (p * r * r) + r + Vector512<float>.One;
        // Out of range only where the result is masked: the conversion that does not saturate will do.
        var power = (Vector512.ConvertToInt32Native(n) + Vector512.Create(127)) << 23;
        return Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(-87f)), Vector512<float>.Zero, p * power.AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Exp(Vector256<float> x)
    {
        var n = Vector256.Floor((x * Vector256.Create(1.44269504088896341f)) + Vector256.Create(0.5f));
        var r = x - (n * Vector256.Create(0.693359375f)) - (n * Vector256.Create(-2.12194440e-4f));
        var p = Vector256.Create(1.9875691500e-4f);
        p = (p * r) + Vector256.Create(1.3981999507e-3f);
        p = (p * r) + Vector256.Create(8.3334519073e-3f);
        p = (p * r) + Vector256.Create(4.1665795894e-2f);
        p = (p * r) + Vector256.Create(1.6666665459e-1f);
        p = (p * r) + Vector256.Create(5.0000001201e-1f);
        p = (p * r * r) + r + Vector256<float>.One;
        var power = (Vector256.ConvertToInt32Native(n) + Vector256.Create(127)) << 23;
        return Vector256.ConditionalSelect(Vector256.LessThan(x, Vector256.Create(-87f)), Vector256<float>.Zero, p * power.AsSingle());
    }

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
