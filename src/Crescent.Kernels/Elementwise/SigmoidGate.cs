using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Elementwise;

/// <summary>A gate on a row: <c>x ← x ⊙ sigmoid(gate)</c>.</summary>
public static class SigmoidGate
{
    /// <param name="values">[n], overwritten with the product</param>
    /// <param name="gate">[n]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Apply(Span<float> values, ReadOnlySpan<float> gate)
    {
        Debug.Assert(values.Length == gate.Length);
        ref var x = ref MemoryMarshal.GetReference(values);
        ref var g = ref MemoryMarshal.GetReference(gate);
        nuint i = 0;
        var length = (nuint)values.Length;
        for (; i + 8 <= length; i += 8)
        {
            (Vector256.LoadUnsafe(ref x, i) / Denominator(Vector256.LoadUnsafe(ref g, i))).StoreUnsafe(ref x, i);
        }

        for (; i < length; i++)
        {
            Unsafe.Add(ref x, i) /= Denominator(Vector256.Create(Unsafe.Add(ref g, i))).ToScalar();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Denominator(Vector256<float> gate) => Vector256<float>.One + Exponential.Of(-gate);
}
