using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Training;

/// <summary>Updates of optimizers over spans of weights, in float32.</summary>
public static class OptimizerMath
{
    /// <summary>Muon's momentum in Nesterov's form: <c>momentum ← factor·momentum + gradient</c>, <c>update ← factor·momentum + gradient</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Nesterov(Span<float> momentum, ReadOnlySpan<float> gradient, float gradientScale, float factor, Span<float> update)
    {
        Check(momentum.Length, gradient.Length, update.Length);
        ref var m = ref MemoryMarshal.GetReference(momentum);
        ref var g = ref MemoryMarshal.GetReference(gradient);
        ref var u = ref MemoryMarshal.GetReference(update);
        nuint i = 0;
        for (; i + 16 <= (nuint)momentum.Length; i += 16)
        {
            var change = Vector512.LoadUnsafe(ref g, i) * gradientScale;
            var next = (Vector512.LoadUnsafe(ref m, i) * factor) + change;
            next.StoreUnsafe(ref m, i);
            ((next * factor) + change).StoreUnsafe(ref u, i);
        }

        for (; i < (nuint)momentum.Length; i++)
        {
            var change = Unsafe.Add(ref g, i) * gradientScale;
            var next = (Unsafe.Add(ref m, i) * factor) + change;
            Unsafe.Add(ref m, i) = next;
            Unsafe.Add(ref u, i) = (next * factor) + change;
        }
    }

    /// <summary><c>weights ← weights·keep − update·rate</c></summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Decay(Span<float> weights, ReadOnlySpan<float> update, float keep, float rate)
    {
        Check(weights.Length, update.Length, update.Length);
        ref var w = ref MemoryMarshal.GetReference(weights);
        ref var u = ref MemoryMarshal.GetReference(update);
        nuint i = 0;
        for (; i + 16 <= (nuint)weights.Length; i += 16)
        {
            ((Vector512.LoadUnsafe(ref w, i) * keep) - (Vector512.LoadUnsafe(ref u, i) * rate)).StoreUnsafe(ref w, i);
        }

        for (; i < (nuint)weights.Length; i++)
        {
            Unsafe.Add(ref w, i) = (Unsafe.Add(ref w, i) * keep) - (Unsafe.Add(ref u, i) * rate);
        }
    }

    /// <summary>AdamW (Loshchilov and Hutter 2019): both moments, then the weights.</summary>
    /// <param name="gradientScale">Factor on the gradient before all else (clipping).</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void AdamW(Span<float> weights, ReadOnlySpan<float> gradient, float gradientScale, Span<float> first, Span<float> second, in AdamWStep step)
    {
        Check(weights.Length, gradient.Length, first.Length);
        Check(weights.Length, second.Length, first.Length);
        ref var w = ref MemoryMarshal.GetReference(weights);
        ref var g = ref MemoryMarshal.GetReference(gradient);
        ref var m = ref MemoryMarshal.GetReference(first);
        ref var v = ref MemoryMarshal.GetReference(second);
        nuint i = 0;
        for (; i + 16 <= (nuint)weights.Length; i += 16)
        {
            var change = Vector512.LoadUnsafe(ref g, i) * gradientScale;
            var mean = (Vector512.LoadUnsafe(ref m, i) * step.Beta1) + (change * (1 - step.Beta1));
            var square = (Vector512.LoadUnsafe(ref v, i) * step.Beta2) + (change * change * (1 - step.Beta2));
            mean.StoreUnsafe(ref m, i);
            square.StoreUnsafe(ref v, i);
            var update = mean * step.Correction1 / (Vector512.Sqrt(square * step.Correction2) + Vector512.Create(step.Epsilon));
            ((Vector512.LoadUnsafe(ref w, i) * step.Keep) - (update * step.Rate)).StoreUnsafe(ref w, i);
        }

        for (; i < (nuint)weights.Length; i++)
        {
            var change = Unsafe.Add(ref g, i) * gradientScale;
            Unsafe.Add(ref m, i) = (Unsafe.Add(ref m, i) * step.Beta1) + (change * (1 - step.Beta1));
            Unsafe.Add(ref v, i) = (Unsafe.Add(ref v, i) * step.Beta2) + (change * change * (1 - step.Beta2));
            var update = Unsafe.Add(ref m, i) * step.Correction1 / (MathF.Sqrt(Unsafe.Add(ref v, i) * step.Correction2) + step.Epsilon);
            Unsafe.Add(ref w, i) = (Unsafe.Add(ref w, i) * step.Keep) - (update * step.Rate);
        }
    }

    private static void Check(int expected, int second, int third)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(second, expected);
        ArgumentOutOfRangeException.ThrowIfNotEqual(third, expected);
    }
}
