using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.MatMul;

/// <summary>Floats to the 8-bit form of <see cref="Activations"/>. The same bits at every instruction-set level.</summary>
internal static unsafe class ActivationQuantizer
{
    // 2^-119: largest magnitudes from here on have a finite 127/max.
    private const int SmallestMagnitude = 8 << 23;
    private const int InfinityBits = 0x7F800000;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Quantize(float* values, QuantizedGroup* row, int groups)
    {
        for (nint group = 0; group < groups; group++, row++)
        {
            var x0 = Vector256.Load(values + (32 * group));
            var x1 = Vector256.Load(values + (32 * group) + 8);
            var x2 = Vector256.Load(values + (32 * group) + 16);
            var x3 = Vector256.Load(values + (32 * group) + 24);

            // Magnitudes compare as integers, and so rank infinity and NaN above all numbers.
            var largest = Vector256.Max(Vector256.Max(Magnitude(x0), Magnitude(x1)), Vector256.Max(Magnitude(x2), Magnitude(x3)));
            var bits = Largest(Vector128.Max(largest.GetLower(), largest.GetUpper()));
            var scale = bits >= InfinityBits ? float.NaN : 0;
            var reciprocal = 0f;
            if (bits is >= SmallestMagnitude and < InfinityBits)
            {
                (scale, reciprocal) = Fit(x0, x1, x2, x3, BitConverter.Int32BitsToSingle(bits));
            }

            var isNumber = scale > 0 ? Vector256<int>.AllBitsSet : default;
            var factor = Vector256.Create(reciprocal);
            var q01 = Vector256.Narrow(Round(x0, factor) & isNumber, Round(x1, factor) & isNumber);
            var q23 = Vector256.Narrow(Round(x2, factor) & isNumber, Round(x3, factor) & isNumber);
            Vector256.Narrow(q01, q23).Store(row->Codes);
            var first = (int)Vector256.Sum(q01);
            var last = (int)Vector256.Sum(q23);
            row->Scale = scale;
            row->NegativeSum = -(first + last);
            row->HalfSums = (ushort)first | (last << 16);
            row->WeightedSum = scale * (first + last);
        }
    }

    // Of a few nearly equal steps one rounds a group best; with the scale then fitted to its codes, the squared error falls by a fifth against
    // max/127 alone. The largest code stays 127: 127.4 rounds to it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (float Scale, float Reciprocal) Fit(Vector256<float> x0, Vector256<float> x1, Vector256<float> x2, Vector256<float> x3, float max)
    {
        var (best, bestScale, bestReciprocal) = (-1.0, 0.0, 0f);
        for (var steps = 127.4f; steps > 124; steps--)
        {
            var reciprocal = steps / max;
            var factor = Vector256.Create(reciprocal);
            var q0 = Vector256.Round(x0 * factor);
            var q1 = Vector256.Round(x1 * factor);
            var q2 = Vector256.Round(x2 * factor);
            var q3 = Vector256.Round(x3 * factor);
            var cross = Dot(x0, q0) + Dot(x1, q1) + Dot(x2, q2) + Dot(x3, q3);
            var square = Dot(q0, q0) + Dot(q1, q1) + Dot(q2, q2) + Dot(q3, q3);
            var scale = cross / square; // least squares: Σ(x − scale·q)² = Σx² − scale·cross
            if (scale * cross > best)
            {
                (best, bestScale, bestReciprocal) = (scale * cross, scale, reciprocal);
            }
        }

        return ((float)bestScale, bestReciprocal);
    }

    // The steps differ in the sixth digit of their errors: sums in double precision tell them apart.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Dot(Vector256<float> left, Vector256<float> right)
    {
        var (l0, l1) = Vector256.Widen(left);
        var (r0, r1) = Vector256.Widen(right);
        return Vector256.Sum((l0 * r0) + (l1 * r1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Magnitude(Vector256<float> values) => values.AsInt32() & Vector256.Create(0x7FFFFFFF);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Round(Vector256<float> values, Vector256<float> reciprocal) =>
        Vector256.ConvertToInt32Native(Vector256.Round(values * reciprocal));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Largest(Vector128<int> values)
    {
        values = Vector128.Max(values, Vector128.Shuffle(values, Vector128.Create(2, 3, 0, 1)));
        values = Vector128.Max(values, Vector128.Shuffle(values, Vector128.Create(1, 0, 3, 2)));
        return values.ToScalar();
    }
}
