using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Elementwise;

/// <summary>Sums and scalings of rows.</summary>
public static class VectorMath
{
    /// <summary><c>target += values</c></summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Add(Span<float> target, ReadOnlySpan<float> values)
    {
        Debug.Assert(target.Length == values.Length);
        ref var t = ref MemoryMarshal.GetReference(target);
        ref var v = ref MemoryMarshal.GetReference(values);
        nuint i = 0;
        var length = (nuint)target.Length;
        for (; i + 8 <= length; i += 8)
        {
            (Vector256.LoadUnsafe(ref t, i) + Vector256.LoadUnsafe(ref v, i)).StoreUnsafe(ref t, i);
        }

        for (; i < length; i++)
        {
            Unsafe.Add(ref t, i) += Unsafe.Add(ref v, i);
        }
    }

    /// <summary><c>target += values · scale</c>, product and sum rounded apart so that vector and tail agree.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void AddScaled(Span<float> target, ReadOnlySpan<float> values, float scale)
    {
        Debug.Assert(target.Length == values.Length);
        ref var t = ref MemoryMarshal.GetReference(target);
        ref var v = ref MemoryMarshal.GetReference(values);
        nuint i = 0;
        var length = (nuint)target.Length;
        for (; i + 8 <= length; i += 8)
        {
            (Vector256.LoadUnsafe(ref t, i) + (Vector256.LoadUnsafe(ref v, i) * scale)).StoreUnsafe(ref t, i);
        }

        for (; i < length; i++)
        {
            Unsafe.Add(ref t, i) += Unsafe.Add(ref v, i) * scale;
        }
    }

    /// <summary><c>target += values²</c>, product and sum rounded apart so that vector and tail agree.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void AddSquares(Span<float> target, ReadOnlySpan<float> values)
    {
        Debug.Assert(target.Length == values.Length);
        ref var t = ref MemoryMarshal.GetReference(target);
        ref var v = ref MemoryMarshal.GetReference(values);
        nuint i = 0;
        var length = (nuint)target.Length;
        for (; i + 8 <= length; i += 8)
        {
            var vector = Vector256.LoadUnsafe(ref v, i);
            (Vector256.LoadUnsafe(ref t, i) + (vector * vector)).StoreUnsafe(ref t, i);
        }

        for (; i < length; i++)
        {
            Unsafe.Add(ref t, i) += Unsafe.Add(ref v, i) * Unsafe.Add(ref v, i);
        }
    }

    /// <summary><c>target ← target ⊙ factors</c></summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Multiply(Span<float> target, ReadOnlySpan<float> factors)
    {
        Debug.Assert(target.Length == factors.Length);
        ref var t = ref MemoryMarshal.GetReference(target);
        ref var f = ref MemoryMarshal.GetReference(factors);
        nuint i = 0;
        var length = (nuint)target.Length;
        for (; i + 8 <= length; i += 8)
        {
            (Vector256.LoadUnsafe(ref t, i) * Vector256.LoadUnsafe(ref f, i)).StoreUnsafe(ref t, i);
        }

        for (; i < length; i++)
        {
            Unsafe.Add(ref t, i) *= Unsafe.Add(ref f, i);
        }
    }

    /// <summary><c>values ← values · scale</c></summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Scale(Span<float> values, float scale)
    {
        ref var v = ref MemoryMarshal.GetReference(values);
        nuint i = 0;
        var length = (nuint)values.Length;
        for (; i + 8 <= length; i += 8)
        {
            (Vector256.LoadUnsafe(ref v, i) * scale).StoreUnsafe(ref v, i);
        }

        for (; i < length; i++)
        {
            Unsafe.Add(ref v, i) *= scale;
        }
    }

    /// <summary><c>values ← 1 / (1 + exp(−values))</c></summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Sigmoid(Span<float> values)
    {
        ref var v = ref MemoryMarshal.GetReference(values);
        nuint i = 0;
        var length = (nuint)values.Length;
        for (; i + 8 <= length; i += 8)
        {
            (Vector256<float>.One / (Vector256<float>.One + Exponential.Of(-Vector256.LoadUnsafe(ref v, i)))).StoreUnsafe(ref v, i);
        }

        for (; i < length; i++)
        {
            Unsafe.Add(ref v, i) = 1f / (1f + Exponential.Of(Vector256.Create(-Unsafe.Add(ref v, i))).ToScalar());
        }
    }

    /// <summary>The largest value; NaN where one is NaN, −∞ of none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static float Maximum(ReadOnlySpan<float> values)
    {
        ref var v = ref MemoryMarshal.GetReference(values);
        var largest = Vector256.Create(float.NegativeInfinity);
        nuint i = 0;
        var length = (nuint)values.Length;
        for (; i + 8 <= length; i += 8)
        {
            largest = Vector256.Max(largest, Vector256.LoadUnsafe(ref v, i));
        }

        var maximum = float.NegativeInfinity;
        for (var lane = 0; lane < Vector256<float>.Count; lane++)
        {
            maximum = MathF.Max(maximum, largest[lane]);
        }

        for (; i < length; i++)
        {
            maximum = MathF.Max(maximum, Unsafe.Add(ref v, i));
        }

        return maximum;
    }

    /// <summary>Puts −∞ in the place of NaN, so that comparisons order all values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void LowestForNaN(Span<float> values)
    {
        ref var v = ref MemoryMarshal.GetReference(values);
        nuint i = 0;
        var length = (nuint)values.Length;
        for (; i + 8 <= length; i += 8)
        {
            var x = Vector256.LoadUnsafe(ref v, i);
            Vector256.ConditionalSelect(Vector256.Equals(x, x), x, Vector256.Create(float.NegativeInfinity)).StoreUnsafe(ref v, i);
        }

        for (; i < length; i++)
        {
            if (float.IsNaN(Unsafe.Add(ref v, i)))
            {
                Unsafe.Add(ref v, i) = float.NegativeInfinity;
            }
        }
    }

    /// <summary>True when no value is NaN or infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static bool AllFinite(ReadOnlySpan<float> values)
    {
        ref var v = ref MemoryMarshal.GetReference(values);
        nuint i = 0;
        var length = (nuint)values.Length;
        for (; i + 8 <= length; i += 8)
        {
            // x − x is NaN for NaN and ±∞, and NaN equals nothing.
            var x = Vector256.LoadUnsafe(ref v, i);
            if (!Vector256.EqualsAll(x - x, Vector256<float>.Zero))
            {
                return false;
            }
        }

        for (; i < length; i++)
        {
            if (!float.IsFinite(Unsafe.Add(ref v, i)))
            {
                return false;
            }
        }

        return true;
    }
}
