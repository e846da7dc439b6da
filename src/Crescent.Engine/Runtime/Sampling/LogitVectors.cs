using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Engine.Runtime.Sampling;

/// <summary>
/// The passes over a whole vocabulary. All of them use eight lanes and no fused multiply-add, so sums and exponentials are the same bits
/// on every machine.
/// </summary>
internal static class LogitVectors
{
    /// <summary>Logits in a block; a block's maximum lets later passes skip it.</summary>
    public const int BlockLength = 64;

    private const int Lanes = 8;

    public static int BlockCount(int vocab) => (vocab + BlockLength - 1) / BlockLength;

    /// <summary>The maximum of every block. False where a logit is NaN or infinite.</summary>
    public static bool BlockMaxima(ReadOnlySpan<float> logits, Span<float> maxima)
    {
        // x · 0 is 0 for a finite x, else NaN.
        var spoiled = Vector256<float>.Zero;
        for (var block = 0; block < maxima.Length; block++)
        {
            var values = Block(logits, block);
            var vectors = MemoryMarshal.Cast<float, Vector256<float>>(values);
            var largest = Vector256.Create(float.NegativeInfinity);
            foreach (var v in vectors)
            {
                largest = Vector256.MaxNative(largest, v);
                spoiled += v * Vector256<float>.Zero;
            }

            var maximum = Maximum(largest);
            foreach (var value in values[(vectors.Length * Lanes)..])
            {
                maximum = MathF.Max(maximum, value);
                spoiled += Vector256.CreateScalar(value * 0f);
            }

            maxima[block] = maximum;
        }

        return Vector256.EqualsAll(spoiled, Vector256<float>.Zero);
    }

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

    /// <summary>Σ exp((logit − maximum) · scale) of every block, and their sum.</summary>
    public static double BlockSums(ReadOnlySpan<float> logits, float maximum, float scale, Span<double> sums)
    {
        var total = 0.0;
        Span<float> rest = stackalloc float[Lanes];
        for (var block = 0; block < sums.Length; block++)
        {
            var values = Block(logits, block);
            var vectors = MemoryMarshal.Cast<float, Vector256<float>>(values);
            var sum = Vector256<float>.Zero;
            foreach (var v in vectors)
            {
                sum += Exp((v - Vector256.Create(maximum)) * Vector256.Create(scale));
            }

            var left = values[(vectors.Length * Lanes)..];
            if (left.Length > 0)
            {
                rest.Fill(float.NegativeInfinity);
                left.CopyTo(rest);
                sum += Exp((Vector256.Create(rest) - Vector256.Create(maximum)) * Vector256.Create(scale));
            }

            total += sums[block] = Sum(sum);
        }

        return total;
    }

    /// <summary>exp((value − maximum) · scale) of every value, and their sum in order.</summary>
    public static double Exponentials(ReadOnlySpan<float> values, float maximum, float scale, Span<float> exponentials)
    {
        Span<float> rest = stackalloc float[Lanes];
        for (var i = 0; i < values.Length; i += Lanes)
        {
            var count = Math.Min(Lanes, values.Length - i);
            rest.Clear();
            values.Slice(i, count).CopyTo(rest);
            Exp((Vector256.Create(rest) - Vector256.Create(maximum)) * Vector256.Create(scale)).CopyTo(rest);
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

    /// <summary>exp for x ≤ 0, 0 below −87 (Cephes expf: 2ⁿ · polynomial in the remainder; relative error about 1e-7).</summary>
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
        // Out of range only where the result is masked: the conversion that does not saturate will do.
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
