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
    public static void Quantize(float* values, QuantizedRow row, int groups)
    {
        for (nint group = 0; group < groups; group++)
        {
            var x0 = Vector256.Load(values + (32 * group));
            var x1 = Vector256.Load(values + (32 * group) + 8);
            var x2 = Vector256.Load(values + (32 * group) + 16);
            var x3 = Vector256.Load(values + (32 * group) + 24);

            // Magnitudes compare as integers, and so rank infinity and NaN above all numbers.
            var largest = Vector256.Max(Vector256.Max(Magnitude(x0), Magnitude(x1)), Vector256.Max(Magnitude(x2), Magnitude(x3)));
            var bits = Largest(Vector128.Max(largest.GetLower(), largest.GetUpper()));
            var scale = bits >= InfinityBits ? float.NaN : bits < SmallestMagnitude ? 0 : BitConverter.Int32BitsToSingle(bits) / 127;
            var reciprocal = Vector256.Create(scale > 0 ? 1 / scale : 0);
            var isNumber = scale > 0 ? Vector256<int>.AllBitsSet : default;

            var q01 = Vector256.Narrow(Round(x0, reciprocal) & isNumber, Round(x1, reciprocal) & isNumber);
            var q23 = Vector256.Narrow(Round(x2, reciprocal) & isNumber, Round(x3, reciprocal) & isNumber);
            Vector256.Narrow(q01, q23).Store(row.Codes + (32 * group));
            row.Scales[group] = scale;
            row.Sums[group] = (ushort)Vector256.Sum(q01) | (Vector256.Sum(q23) << 16);
        }
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
