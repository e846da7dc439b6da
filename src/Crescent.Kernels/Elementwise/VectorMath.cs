using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Elementwise;

/// <summary>Sums and scalings of rows.</summary>
public static class VectorMath
{
    /// <summary><c>target += values</c></summary>
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
    public static void Multiply(Span<float> target, ReadOnlySpan<float> factors)
    {
        Debug.Assert(target.Length == factors.Length);
        for (var i = 0; i < target.Length; i++)
        {
            target[i] *= factors[i];
        }
    }

    /// <summary><c>values ← values · scale</c></summary>
    public static void Scale(Span<float> values, float scale)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] *= scale;
        }
    }

    /// <summary><c>values ← 1 / (1 + exp(−values))</c></summary>
    public static void Sigmoid(Span<float> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = 1f / (1f + MathF.Exp(-values[i]));
        }
    }

    /// <summary>True when no value is NaN or infinite.</summary>
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
