using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Elementwise;

/// <summary>Soft capping of logits: <c>x ← cap·tanh(x / cap)</c> (Grok, Gemma).</summary>
public static class SoftCap
{
    /// <param name="values">[n], overwritten</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Apply(Span<float> values, float cap)
    {
        ref var x = ref MemoryMarshal.GetReference(values);
        nuint i = 0;
        var length = (nuint)values.Length;
        for (; i + 8 <= length; i += 8)
        {
            Cap(Vector256.LoadUnsafe(ref x, i), cap).StoreUnsafe(ref x, i);
        }

        for (; i < length; i++)
        {
            Unsafe.Add(ref x, i) = Cap(Vector256.Create(Unsafe.Add(ref x, i)), cap).ToScalar();
        }
    }

    // tanh y = sign(y)·(1 − 2/(exp(2|y|) + 1)): no overflow to NaN, since exp(∞) gives 1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Cap(Vector256<float> x, float cap)
    {
        var magnitude = Vector256.Abs(x) * (1f / cap);
        var tanh = Vector256<float>.One - (Vector256.Create(2f) / (Exponential.Of(magnitude + magnitude) + Vector256<float>.One));
        return Vector256.CopySign(tanh * cap, x);
    }
}
