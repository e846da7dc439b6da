using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Elementwise;

/// <summary>The function that a gated feed-forward unit applies to its gate.</summary>
public enum GateFunction
{
    /// <summary><c>x·sigmoid(x)</c>: SwiGLU.</summary>
    Silu,

    /// <summary><c>0.5x(1 + tanh(√(2/π)(x + 0.044715x³)))</c>: GELU in its tanh form (Grok-1).</summary>
    GeluTanh,

    /// <summary>gpt-oss's: <c>g·sigmoid(1.702g)·(u + 1)</c> with <c>g = min(gate, 7)</c> and <c>u</c> = up held within ±7.</summary>
    ClampedSwiGlu,
}

/// <summary>The gated product of a feed-forward unit: <c>gate ← f(gate) ⊙ up</c>, or what the function makes of the two.</summary>
public static class GatedUnit
{
    private const float GeluLinear = 0.7978845608028654f; // √(2/π)
    private const float GeluCubic = 0.044715f;
    private const float ClampLimit = 7; // gpt-oss, config.json: swiglu_limit
    private const float ClampedSlope = 1.702f;

    /// <param name="gate">[n], overwritten with the product</param>
    /// <param name="up">[n]</param>
    public static void Apply(GateFunction function, Span<float> gate, ReadOnlySpan<float> up)
    {
        Debug.Assert(gate.Length == up.Length);
        switch (function)
        {
            case GateFunction.Silu:
                Apply<SiluGate>(gate, up);
                break;
            case GateFunction.GeluTanh:
                Apply<GeluGate>(gate, up);
                break;
            case GateFunction.ClampedSwiGlu:
                Apply<ClampedGate>(gate, up);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Apply<TGate>(Span<float> gate, ReadOnlySpan<float> up)
        where TGate : struct, IGate
    {
        ref var g = ref MemoryMarshal.GetReference(gate);
        ref var u = ref MemoryMarshal.GetReference(up);
        nuint i = 0;
        var length = (nuint)gate.Length;
        for (; Vector512.IsHardwareAccelerated && i + 16 <= length; i += 16)
        {
            TGate.Product(Vector512.LoadUnsafe(ref g, i), Vector512.LoadUnsafe(ref u, i)).StoreUnsafe(ref g, i);
        }

        for (; i + 8 <= length; i += 8)
        {
            TGate.Product(Vector256.LoadUnsafe(ref g, i), Vector256.LoadUnsafe(ref u, i)).StoreUnsafe(ref g, i);
        }

        for (; i < length; i++)
        {
            // The tail takes the vector path too, so a value's result does not depend on where it stands.
            Unsafe.Add(ref g, i) = TGate.Product(Vector256.Create(Unsafe.Add(ref g, i)), Vector256.Create(Unsafe.Add(ref u, i))).ToScalar();
        }
    }

    // f(gate) ⊙ up, the same bits at both widths.
    private interface IGate
    {
        static abstract Vector512<float> Product(Vector512<float> gate, Vector512<float> up);

        static abstract Vector256<float> Product(Vector256<float> gate, Vector256<float> up);
    }

    private readonly struct SiluGate : IGate
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Product(Vector512<float> gate, Vector512<float> up) => gate / (Vector512<float>.One + Exponential.Of(-gate)) * up;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Product(Vector256<float> gate, Vector256<float> up) => gate / (Vector256<float>.One + Exponential.Of(-gate)) * up;
    }

    // gelu's 0.5(1 + tanh u) is sigmoid(2u).
    private readonly struct GeluGate : IGate
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Product(Vector512<float> gate, Vector512<float> up) =>
            gate / (Vector512<float>.One + Exponential.Of(-(2f * GeluLinear * (gate + (GeluCubic * gate * gate * gate))))) * up;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Product(Vector256<float> gate, Vector256<float> up) =>
            gate / (Vector256<float>.One + Exponential.Of(-(2f * GeluLinear * (gate + (GeluCubic * gate * gate * gate))))) * up;
    }

    private readonly struct ClampedGate : IGate
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Product(Vector512<float> gate, Vector512<float> up)
        {
            var limit = Vector512.Create(ClampLimit);
            var g = Vector512.Min(gate, limit);
            var u = Vector512.Max(Vector512.Min(up, limit), -limit);
            return g / (Vector512<float>.One + Exponential.Of(g * -ClampedSlope)) * (u + Vector512<float>.One);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Product(Vector256<float> gate, Vector256<float> up)
        {
            var limit = Vector256.Create(ClampLimit);
            var g = Vector256.Min(gate, limit);
            var u = Vector256.Max(Vector256.Min(up, limit), -limit);
            return g / (Vector256<float>.One + Exponential.Of(g * -ClampedSlope)) * (u + Vector256<float>.One);
        }
    }
}
