using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Elementwise;

namespace Crescent.Kernels.Training;

/// <summary>Elementwise gradients of rows, in float32. Sums go over 16 lanes, then the rest: their order depends on the length alone.</summary>
public static class TrainingMath
{
    /// <summary><c>Σ left·right</c></summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static float Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(right.Length, left.Length);
        ref var a = ref MemoryMarshal.GetReference(left);
        ref var b = ref MemoryMarshal.GetReference(right);
        var sums = Vector512<float>.Zero;
        nuint i = 0;
        for (; i + 16 <= (nuint)left.Length; i += 16)
        {
            sums = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref a, i), Vector512.LoadUnsafe(ref b, i), sums);
        }

        var sum = Vector512.Sum(sums);
        for (; i < (nuint)left.Length; i++)
        {
            sum += Unsafe.Add(ref a, i) * Unsafe.Add(ref b, i);
        }

        return sum;
    }

    /// <summary><c>Σ value²</c> in double precision.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static double SumOfSquares(ReadOnlySpan<float> values)
    {
        ref var x = ref MemoryMarshal.GetReference(values);
        var (low, high) = (Vector512<double>.Zero, Vector512<double>.Zero);
        nuint i = 0;
        for (; i + 16 <= (nuint)values.Length; i += 16)
        {
            var (a, b) = Vector512.Widen(Vector512.LoadUnsafe(ref x, i));
            low += a * a;
            high += b * b;
        }

        var sum = Vector512.Sum(low + high);
        for (; i < (nuint)values.Length; i++)
        {
            sum += (double)Unsafe.Add(ref x, i) * Unsafe.Add(ref x, i);
        }

        return sum;
    }

    /// <summary><c>target ← (target + shift) · factors</c></summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void MultiplyShifted(Span<float> target, ReadOnlySpan<float> factors, float shift)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(factors.Length, target.Length);
        ref var t = ref MemoryMarshal.GetReference(target);
        ref var f = ref MemoryMarshal.GetReference(factors);
        nuint i = 0;
        for (; i + 16 <= (nuint)target.Length; i += 16)
        {
            ((Vector512.LoadUnsafe(ref t, i) + Vector512.Create(shift)) * Vector512.LoadUnsafe(ref f, i)).StoreUnsafe(ref t, i);
        }

        for (; i < (nuint)target.Length; i++)
        {
            Unsafe.Add(ref t, i) = (Unsafe.Add(ref t, i) + shift) * Unsafe.Add(ref f, i);
        }
    }

    /// <summary>SwiGLU's gradients: of gate and up from that of <c>silu(gate) · up</c>.</summary>
    /// <param name="gate">[n]; overwritten by its gradient</param>
    /// <param name="up">[n]; overwritten by its gradient</param>
    /// <param name="output">[n]: gradient of the product</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void SwiGluBackward(Span<float> gate, Span<float> up, ReadOnlySpan<float> output)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(up.Length, gate.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(output.Length, gate.Length);
        ref var g = ref MemoryMarshal.GetReference(gate);
        ref var u = ref MemoryMarshal.GetReference(up);
        ref var d = ref MemoryMarshal.GetReference(output);
        nuint i = 0;
        for (; i + 16 <= (nuint)gate.Length; i += 16)
        {
            var (x, y, change) = (Vector512.LoadUnsafe(ref g, i), Vector512.LoadUnsafe(ref u, i), Vector512.LoadUnsafe(ref d, i));
            var sigmoid = Vector512<float>.One / (Vector512<float>.One + Exponential.Of(-x));
            (change * y * sigmoid * (Vector512<float>.One + (x * (Vector512<float>.One - sigmoid)))).StoreUnsafe(ref g, i);
            (change * x * sigmoid).StoreUnsafe(ref u, i);
        }

        for (; i < (nuint)gate.Length; i++)
        {
            var (x, y, change) = (Unsafe.Add(ref g, i), Unsafe.Add(ref u, i), Unsafe.Add(ref d, i));
            var sigmoid = 1 / (1 + Exponential.Of(Vector256.Create(-x)).ToScalar());
            Unsafe.Add(ref g, i) = change * y * sigmoid * (1 + (x * (1 - sigmoid)));
            Unsafe.Add(ref u, i) = change * x * sigmoid;
        }
    }

    /// <summary>RMS norm's gradients: the input's is added to, the weight's is added to.</summary>
    /// <param name="input">[n]</param>
    /// <param name="weight">[n]</param>
    /// <param name="output">[n]: gradient of the normed row</param>
    /// <param name="inputGradient">[n]</param>
    /// <param name="weightGradient">[n]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void RmsNormBackward(
        ReadOnlySpan<float> input, ReadOnlySpan<float> weight, float epsilon, ReadOnlySpan<float> output, Span<float> inputGradient, Span<float> weightGradient)
    {
        var length = input.Length;
        var scale = 1f / MathF.Sqrt((Dot(input, input) / length) + epsilon);
        ref var x = ref MemoryMarshal.GetReference(input);
        ref var w = ref MemoryMarshal.GetReference(weight);
        ref var d = ref MemoryMarshal.GetReference(output);
        ref var target = ref MemoryMarshal.GetReference(inputGradient);
        ref var weights = ref MemoryMarshal.GetReference(weightGradient);
        ArgumentOutOfRangeException.ThrowIfNotEqual(weight.Length, length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(output.Length, length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(inputGradient.Length, length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(weightGradient.Length, length);
        var factor = DotOfThree(output, weight, input) * scale * scale * scale / length;
        nuint j = 0;
        for (; j + 16 <= (nuint)length; j += 16)
        {
            var (value, change) = (Vector512.LoadUnsafe(ref x, j), Vector512.LoadUnsafe(ref d, j));
            (Vector512.LoadUnsafe(ref target, j) + (change * Vector512.LoadUnsafe(ref w, j) * scale) - (value * factor)).StoreUnsafe(ref target, j);
            (Vector512.LoadUnsafe(ref weights, j) + (change * value * scale)).StoreUnsafe(ref weights, j);
        }

        for (; j < (nuint)length; j++)
        {
            var (value, change) = (Unsafe.Add(ref x, j), Unsafe.Add(ref d, j));
            Unsafe.Add(ref target, j) += (change * Unsafe.Add(ref w, j) * scale) - (value * factor);
            Unsafe.Add(ref weights, j) += change * value * scale;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float DotOfThree(ReadOnlySpan<float> first, ReadOnlySpan<float> second, ReadOnlySpan<float> third)
    {
        ref var a = ref MemoryMarshal.GetReference(first);
        ref var b = ref MemoryMarshal.GetReference(second);
        ref var c = ref MemoryMarshal.GetReference(third);
        var sums = Vector512<float>.Zero;
        nuint i = 0;
        for (; i + 16 <= (nuint)first.Length; i += 16)
        {
            sums = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref a, i) * Vector512.LoadUnsafe(ref b, i), Vector512.LoadUnsafe(ref c, i), sums);
        }

        var sum = Vector512.Sum(sums);
        for (; i < (nuint)first.Length; i++)
        {
            sum += Unsafe.Add(ref a, i) * Unsafe.Add(ref b, i) * Unsafe.Add(ref c, i);
        }

        return sum;
    }

    /// <summary>Cross-entropy of a row of logits, which become the loss's gradient times <paramref name="weight"/>.</summary>
    /// <param name="logits">[vocab]</param>
    /// <returns>The loss, not weighted.</returns>
    public static float CrossEntropy(Span<float> logits, int target, float weight)
    {
        var largest = VectorMath.Maximum(logits);
        var chosen = logits[target];
        var sum = Softmax.ExpInPlace(logits, largest);
        VectorMath.Scale(logits, weight / sum);
        logits[target] -= weight;
        return largest + MathF.Log(sum) - chosen;
    }
}
