using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Elementwise;

/// <summary>Root-mean-square normalisation: <c>y = x / sqrt(mean(x²) + eps) · w</c>, statistics in float32 (Zhang and Sennrich 2019).</summary>
public static class RmsNorm
{
    /// <param name="input">[n]</param>
    /// <param name="weight">[n]</param>
    /// <param name="output">[n]; may be <paramref name="input"/></param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Apply(ReadOnlySpan<float> input, ReadOnlySpan<float> weight, float epsilon, Span<float> output)
    {
        Debug.Assert(input.Length == weight.Length && output.Length == input.Length);
        var scale = 1f / MathF.Sqrt((SumOfSquares(input) / input.Length) + epsilon);
        ref var x = ref MemoryMarshal.GetReference(input);
        ref var w = ref MemoryMarshal.GetReference(weight);
        ref var y = ref MemoryMarshal.GetReference(output);
        nuint i = 0;
        var length = (nuint)input.Length;
        for (; i + 8 <= length; i += 8)
        {
            (Vector256.LoadUnsafe(ref x, i) * scale * Vector256.LoadUnsafe(ref w, i)).StoreUnsafe(ref y, i);
        }

        for (; i < length; i++)
        {
            Unsafe.Add(ref y, i) = Unsafe.Add(ref x, i) * scale * Unsafe.Add(ref w, i);
        }
    }

    // Two 8-lane sums, then one fixed tree: the order depends on the length alone.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal static float SumOfSquares(ReadOnlySpan<float> values)
    {
        ref var x = ref MemoryMarshal.GetReference(values);
        var even = Vector256<float>.Zero;
        var odd = Vector256<float>.Zero;
        nuint i = 0;
        var length = (nuint)values.Length;
        for (; i + 16 <= length; i += 16)
        {
            var a = Vector256.LoadUnsafe(ref x, i);
            var b = Vector256.LoadUnsafe(ref x, i + 8);
            even += a * a;
            odd += b * b;
        }

        var sum = Vector256.Sum(even + odd);
        for (; i < length; i++)
        {
            var value = Unsafe.Add(ref x, i);
            sum += value * value;
        }

        return sum;
    }
}
