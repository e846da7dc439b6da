using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Elementwise;

/// <summary>Softmax that subtracts the maximum first, so no input overflows.</summary>
public static class Softmax
{
    /// <param name="values">[n], overwritten by probabilities that sum to 1</param>
    public static void Apply(Span<float> values)
    {
        var sum = ExpInPlace(values, VectorMath.Maximum(values));
        VectorMath.Scale(values, 1f / sum);
    }

    /// <summary><c>values ← exp(values − max)</c>; returns their sum. The sum's order depends on the length alone: eight lanes, then the rest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static float ExpInPlace(Span<float> values, float max)
    {
        ref var x = ref MemoryMarshal.GetReference(values);
        var sums = Vector256<float>.Zero;
        nuint i = 0;
        var length = (nuint)values.Length;
        for (; Vector512.IsHardwareAccelerated && i + 16 <= length; i += 16)
        {
            var e = Exponential.Of(Vector512.LoadUnsafe(ref x, i) - Vector512.Create(max));
            e.StoreUnsafe(ref x, i);
            sums += e.GetLower();
            sums += e.GetUpper();
        }

        for (; i + 8 <= length; i += 8)
        {
            var e = Exponential.Of(Vector256.LoadUnsafe(ref x, i) - Vector256.Create(max));
            e.StoreUnsafe(ref x, i);
            sums += e;
        }

        var sum = Vector256.Sum(sums);
        for (; i < length; i++)
        {
            var e = Exponential.Of(Vector256.Create(Unsafe.Add(ref x, i) - max)).ToScalar();
            Unsafe.Add(ref x, i) = e;
            sum += e;
        }

        return sum;
    }
}
