using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>512 bits: 32 registers hold 16 sums and what feeds them.</summary>
internal readonly unsafe struct Lanes16(Vector512<float> values) : ILanes<Lanes16>
{
    private readonly Vector512<float> _values = values;

    public static int Count => 16;

    public static int Items => 4;

    public static Lanes16 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector512<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Broadcast(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Load<TElement>(byte* elements)
        where TElement : unmanaged, IWidened => new(TElement.LoadSixteen(elements));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 LoadFloats(float* values) => new(Vector512.Load(values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Multiply(Lanes16 left, Lanes16 right) => new(left._values * right._values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 MultiplyAdd(Lanes16 left, Lanes16 right, Lanes16 addend) =>
        new(Vector512.FusedMultiplyAdd(left._values, right._values, addend._values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* values) => _values.Store(values);
}
