namespace Crescent.Kernels.MatMul;

/// <summary>A vector of a float loop, as wide as the level's registers: all 16 lanes of a sum, or 8 of them at a time.</summary>
internal unsafe interface ILanes<TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    /// <summary>Floats in the vector.</summary>
    static abstract int Count { get; }

    /// <summary>Input rows whose sums with 4 weight rows (or 4 vectors of columns) stay in registers.</summary>
    static abstract int Items { get; }

    static abstract TSelf Zero { get; }

    static abstract TSelf Broadcast(float value);

    /// <summary><see cref="Count"/> consecutive elements as floats.</summary>
    static abstract TSelf Load<TElement>(byte* elements)
        where TElement : unmanaged, Quantization.IWidened;

    static abstract TSelf LoadFloats(float* values);

    static abstract TSelf Multiply(TSelf left, TSelf right);

    /// <summary>left·right + addend; fused wherever the processor can.</summary>
    static abstract TSelf MultiplyAdd(TSelf left, TSelf right, TSelf addend);

    void Store(float* values);
}
