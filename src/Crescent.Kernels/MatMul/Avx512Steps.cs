using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Crescent.Kernels.MatMul;

/// <summary>One instruction each with AVX-512, else two AVX2 halves with the same result.</summary>
internal static class Avx512Steps
{
    /// <summary>One instruction, where Vector512.Create keeps an unused register in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Join<T>(Vector256<T> lower, Vector256<T> upper) => lower.ToVector512Unsafe().WithUpper(upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> MultiplyAddAdjacent(Vector512<byte> left, Vector512<sbyte> right) =>
        Avx512BW.IsSupported
            ? Avx512BW.MultiplyAddAdjacent(left, right)
            : Join(
                Avx2.MultiplyAddAdjacent(left.GetLower(), right.GetLower()), Avx2.MultiplyAddAdjacent(left.GetUpper(), right.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplyAddAdjacent(Vector512<short> left, Vector512<short> right) =>
        Avx512BW.IsSupported
            ? Avx512BW.MultiplyAddAdjacent(left, right)
            : Join(
                Avx2.MultiplyAddAdjacent(left.GetLower(), right.GetLower()), Avx2.MultiplyAddAdjacent(left.GetUpper(), right.GetUpper()));

    /// <summary>Sums of neighbours, in 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Widen(Vector512<short> sums) => MultiplyAddAdjacent(sums, Vector512<short>.One);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> AddPairs32<T>(Vector512<T> left, Vector512<T> right)
    {
        var (l, r) = (left.AsInt32(), right.AsInt32());
        return Avx512F.IsSupported
            ? Avx512F.UnpackLow(l, r).As<int, T>() + Avx512F.UnpackHigh(l, r).As<int, T>()
            : Join(
                PairSums.AddPairs32(left.GetLower(), right.GetLower()), PairSums.AddPairs32(left.GetUpper(), right.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> AddPairs64<T>(Vector512<T> left, Vector512<T> right)
    {
        var (l, r) = (left.AsInt64(), right.AsInt64());
        return Avx512F.IsSupported
            ? Avx512F.UnpackLow(l, r).As<long, T>() + Avx512F.UnpackHigh(l, r).As<long, T>()
            : Join(
                PairSums.AddPairs64(left.GetLower(), right.GetLower()), PairSums.AddPairs64(left.GetUpper(), right.GetUpper()));
    }

    /// <summary>[left's halves added | right's halves added].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> AddHalves(Vector512<float> left, Vector512<float> right) =>
        Avx512F.IsSupported
            ? Avx512F.Shuffle4x128(left, right, 0x44) + Avx512F.Shuffle4x128(left, right, 0xEE)
            : Join(left.GetLower() + left.GetUpper(), right.GetLower() + right.GetUpper());

    /// <summary>|value| as an unsigned byte: −128 gives 128.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Magnitude(Vector512<sbyte> values) =>
        Avx512BW.IsSupported
            ? Avx512BW.Abs(values)
            : Join(Avx2.Abs(values.GetLower()), Avx2.Abs(values.GetUpper()));

    /// <summary>The values, negated where the sign is negative. (Where it is 0 the other factor is 0 too.)</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<sbyte> ApplySign(Vector512<sbyte> values, Vector512<sbyte> signs) =>
        Vector512.ConditionalSelect(Vector512.LessThan(signs, Vector512<sbyte>.Zero), Vector512<sbyte>.Zero - values, values);
}
