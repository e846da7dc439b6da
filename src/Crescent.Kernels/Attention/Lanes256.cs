using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Crescent.Kernels.Attention;

/// <summary>x86-64 with AVX2 and FMA: 8 floats, and sums of 4 queries in 8 of its 16 registers.</summary>
internal readonly unsafe struct Lanes256 : IFloatLanes<Vector256<float>>
{
    public static int Count => 8;

    public static int Queries => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> value, float* target) => value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Create(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> left, Vector256<float> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Subtract(Vector256<float> left, Vector256<float> right) => left - right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> left, Vector256<float> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> left, Vector256<float> right, Vector256<float> addend) =>
        Vector256.MultiplyAddEstimate(left, right, addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Max(Vector256<float> left, Vector256<float> right) => Vector256.MaxNative(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> PowerOfTwo(Vector256<float> bits) => ((bits.AsInt32() << 23) + Vector256<float>.One.AsInt32()).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ZeroBelow(Vector256<float> value, Vector256<float> x, float bound) =>
        Vector256.AndNot(value, Vector256.LessThan(x, Vector256.Create(bound)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(float* source, nint sourceStride, float* target, nint targetStride)
    {
        // A register holds four columns of the rows k and k+4: no step crosses 128-bit lanes.
        for (nint column = 0; column < 8; column += 4, source += 4, target += 4 * targetStride)
        {
            var rows0 = Rows(source, sourceStride);
            var rows1 = Rows(source + sourceStride, sourceStride);
            var rows2 = Rows(source + (2 * sourceStride), sourceStride);
            var rows3 = Rows(source + (3 * sourceStride), sourceStride);
            var low01 = Avx.UnpackLow(rows0, rows1).AsDouble();
            var high01 = Avx.UnpackHigh(rows0, rows1).AsDouble();
            var low23 = Avx.UnpackLow(rows2, rows3).AsDouble();
            var high23 = Avx.UnpackHigh(rows2, rows3).AsDouble();
            Avx.UnpackLow(low01, low23).AsSingle().Store(target);
            Avx.UnpackHigh(low01, low23).AsSingle().Store(target + targetStride);
            Avx.UnpackLow(high01, high23).AsSingle().Store(target + (2 * targetStride));
            Avx.UnpackHigh(high01, high23).AsSingle().Store(target + (3 * targetStride));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Rows(float* source, nint stride) =>
        Vector256.Create(Vector128.Load(source), Vector128.Load(source + (4 * stride)));
}
