namespace Crescent.Kernels.Attention;

/// <summary>
/// Vectors of one width as type parameters of the attention loops. A lane is a key or a value, never a part of one sum, so that all widths give the
/// same bits on processors with fused multiply-add.
/// </summary>
/// <typeparam name="TVector">Vector of <see cref="Count"/> floats.</typeparam>
internal unsafe interface IFloatLanes<TVector>
    where TVector : struct
{
    /// <summary>Floats of a vector; divides 16.</summary>
    static abstract int Count { get; }

    /// <summary>Queries whose sums in two vectors each fit the registers: 8 or 4.</summary>
    static abstract int Queries { get; }

    static abstract TVector Load(float* source);

    static abstract void Store(TVector value, float* target);

    static abstract TVector Create(float value);

    static abstract TVector Add(TVector left, TVector right);

    static abstract TVector Subtract(TVector left, TVector right);

    static abstract TVector Multiply(TVector left, TVector right);

    /// <summary>left·right + addend; fused wherever the processor can.</summary>
    static abstract TVector MultiplyAdd(TVector left, TVector right, TVector addend);

    /// <summary>The greater of two; where one is NaN, either.</summary>
    static abstract TVector Max(TVector left, TVector right);

    /// <summary>2^n, where the low bits of <paramref name="bits"/> are the two's complement of n, −126 ≤ n ≤ 127.</summary>
    static abstract TVector PowerOfTwo(TVector bits);

    /// <summary>value, or 0 in lanes where <paramref name="x"/> is below <paramref name="bound"/>.</summary>
    static abstract TVector ZeroBelow(TVector value, TVector x, float bound);

    /// <summary>target[column, row] = source[row, column] for <see cref="Count"/> rows and columns.</summary>
    /// <param name="sourceStride">Floats from a row of the source to the next.</param>
    /// <param name="targetStride">Floats from a row of the target to the next.</param>
    static abstract void Transpose(float* source, nint sourceStride, float* target, nint targetStride);
}
