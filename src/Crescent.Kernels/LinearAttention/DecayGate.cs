using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.LinearAttention;

/// <summary>The decay of Kimi Delta Attention for every key channel: <c>α = exp(rate · softplus(a + bias))</c>, the rate being −exp(A_log).</summary>
public static class DecayGate
{
    /// <param name="values">[n]: a, overwritten with α</param>
    /// <param name="bias">[n]</param>
    /// <param name="rate">At most 0, so that nothing grows.</param>
    public static void Apply(Span<float> values, ReadOnlySpan<float> bias, float rate)
    {
        Debug.Assert(values.Length == bias.Length);
        ref var a = ref MemoryMarshal.GetReference(values);
        ref var b = ref MemoryMarshal.GetReference(bias);
        nuint i = 0;
        var length = (nuint)values.Length;
        for (; i + 8 <= length; i += 8)
        {
            Decay(Vector256.LoadUnsafe(ref a, i) + Vector256.LoadUnsafe(ref b, i), rate).StoreUnsafe(ref a, i);
        }

        for (; i < length; i++)
        {
            // The tail takes the vector path too, so a value's result does not depend on where it stands.
            Unsafe.Add(ref a, i) = Decay(Vector256.Create(Unsafe.Add(ref a, i) + Unsafe.Add(ref b, i)), rate).ToScalar();
        }
    }

    // Vector256.Exp(0) is 1 + 2^-23: without the limit a state that should stay would grow.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Decay(Vector256<float> x, float rate) => Vector256.Min(Vector256.Exp(Softplus(x) * rate), Vector256<float>.One);

    // ln(1 + eˣ) = max(x, 0) + ln(1 + e), e = exp(−|x|) ≤ 1. The logarithm of the rounded u = 1 + e is corrected by e / (u − 1) (Kahan), so small e keep their digits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Softplus(Vector256<float> x)
    {
        var e = Vector256.Exp(-Vector256.Abs(x));
        var u = Vector256<float>.One + e;
        var rounded = u - Vector256<float>.One;
        var log = Vector256.ConditionalSelect(Vector256.Equals(rounded, Vector256<float>.Zero), e, Vector256.Log(u) * (e / rounded));
        return Vector256.Max(x, Vector256<float>.Zero) + log;
    }
}
