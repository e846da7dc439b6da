using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>256 bits: 16 registers hold 8 sums and what feeds them.</summary>
internal readonly unsafe struct Lanes8<TIsa>(Vector256<float> values) : ILanes<Lanes8<TIsa>>
    where TIsa : struct, IIsa
{
    private readonly Vector256<float> _values = values;

    public static int Count => 8;

    public static int Items => 2;

    public static Lanes8<TIsa> Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector256<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8<TIsa> Broadcast(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8<TIsa> Load<TElement>(byte* elements)
        where TElement : unmanaged, IWidened => new(TElement.Load(elements));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8<TIsa> LoadFloats(float* values) => new(Vector256.Load(values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8<TIsa> Multiply(Lanes8<TIsa> left, Lanes8<TIsa> right) => new(left._values * right._values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8<TIsa> MultiplyAdd(Lanes8<TIsa> left, Lanes8<TIsa> right, Lanes8<TIsa> addend) =>
        new(TIsa.MultiplyAdd(left._values, right._values, addend._values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* values) => _values.Store(values);
}
