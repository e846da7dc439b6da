using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>
/// Products of float rows. The order of sums: lane l of 16 adds the products of elements i ≡ l (mod 16), ascending, the row continued with
/// zeros to a multiple of 16; then lanes l and l+8, l+4, l+2, l+1 are added.
/// </summary>
internal static unsafe class FloatMatMul
{
    /// <summary>Lanes of a sum.</summary>
    public const int Lanes = 16;

    /// <summary>Weight rows of <see cref="AddProducts"/>.</summary>
    public const int Rows = 4;

    /// <summary>From an input row's lanes to the next one's: 16 weight rows of 16 lanes.</summary>
    public const int ItemLanes = 16 * Lanes;

    /// <summary>
    /// lanes[item, row, l] = fma(weights[row, i], inputs[item][i], lanes[item, row, l]) for i ≡ l (mod 16), ascending, 4 weight rows × a few input
    /// rows. Vectors of 8 take their half of the lanes: weights, inputs and lanes begin at it.
    /// </summary>
    /// <param name="rows">[4] where the weight rows begin; a row may be given twice.</param>
    /// <param name="inputs">[width].</param>
    /// <param name="scales">One for every tile of columns; not read unless elements are scaled.</param>
    /// <param name="columns">A multiple of 16.</param>
    /// <param name="next">What is wanted next, as many bytes as the 4 rows: brought into the cache meanwhile.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void AddProducts<TElement, TLanes, TWidth>(byte** rows, float** inputs, float* scales, nint columns, float* lanes, byte* next)
        where TElement : unmanaged, IWidened
        where TLanes : struct, ILanes<TLanes>
        where TWidth : struct, IWidth
    {
        var row0 = rows[0];
        var row1 = rows[1];
        var row2 = rows[2];
        var row3 = rows[3];
        var input0 = inputs[0];
        var input1 = TWidth.Value > 1 ? inputs[1] : null;
        var input2 = TWidth.Value > 2 ? inputs[2] : null;
        var input3 = TWidth.Value > 3 ? inputs[3] : null;
        var lanes1 = lanes + ItemLanes;
        var lanes2 = lanes + (2 * ItemLanes);
        var lanes3 = lanes + (3 * ItemLanes);
        var a0 = TLanes.LoadFloats(lanes); // weight row a, input 0
        var b0 = TLanes.LoadFloats(lanes + Lanes);
        var c0 = TLanes.LoadFloats(lanes + (2 * Lanes));
        var d0 = TLanes.LoadFloats(lanes + (3 * Lanes));
        var a1 = TWidth.Value > 1 ? TLanes.LoadFloats(lanes1) : TLanes.Zero;
        var b1 = TWidth.Value > 1 ? TLanes.LoadFloats(lanes1 + Lanes) : TLanes.Zero;
        var c1 = TWidth.Value > 1 ? TLanes.LoadFloats(lanes1 + (2 * Lanes)) : TLanes.Zero;
        var d1 = TWidth.Value > 1 ? TLanes.LoadFloats(lanes1 + (3 * Lanes)) : TLanes.Zero;
        var a2 = TWidth.Value > 2 ? TLanes.LoadFloats(lanes2) : TLanes.Zero;
        var b2 = TWidth.Value > 2 ? TLanes.LoadFloats(lanes2 + Lanes) : TLanes.Zero;
        var c2 = TWidth.Value > 2 ? TLanes.LoadFloats(lanes2 + (2 * Lanes)) : TLanes.Zero;
        var d2 = TWidth.Value > 2 ? TLanes.LoadFloats(lanes2 + (3 * Lanes)) : TLanes.Zero;
        var a3 = TWidth.Value > 3 ? TLanes.LoadFloats(lanes3) : TLanes.Zero;
        var b3 = TWidth.Value > 3 ? TLanes.LoadFloats(lanes3 + Lanes) : TLanes.Zero;
        var c3 = TWidth.Value > 3 ? TLanes.LoadFloats(lanes3 + (2 * Lanes)) : TLanes.Zero;
        var d3 = TWidth.Value > 3 ? TLanes.LoadFloats(lanes3 + (3 * Lanes)) : TLanes.Zero;
        for (nint i = 0; i < columns;)
        {
            var scale = TElement.IsScaled ? TLanes.Broadcast(scales[i / F8_E4M3.TileLength]) : TLanes.Zero;
            for (var end = TElement.IsScaled ? Math.Min(i + F8_E4M3.TileLength, columns) : columns; i < end; i += Lanes)
            {
                var at = i * sizeof(TElement);
                if (Sse.IsSupported)
                {
                    // One row after the other: memory streams best in its own order.
                    Sse.Prefetch0(next);
                    if (sizeof(TElement) > 1)
                    {
                        Sse.Prefetch0(next + 64);
                    }

                    if (sizeof(TElement) > 2)
                    {
                        Sse.Prefetch0(next + 128);
                        Sse.Prefetch0(next + 192);
                    }

                    next += Rows * Lanes * sizeof(TElement);
                }

                var a = Load<TElement, TLanes>(row0 + at, scale);
                var b = Load<TElement, TLanes>(row1 + at, scale);
                var c = Load<TElement, TLanes>(row2 + at, scale);
                var d = Load<TElement, TLanes>(row3 + at, scale);
                var x = TLanes.LoadFloats(input0 + i);
                a0 = TLanes.MultiplyAdd(a, x, a0);
                b0 = TLanes.MultiplyAdd(b, x, b0);
                c0 = TLanes.MultiplyAdd(c, x, c0);
                d0 = TLanes.MultiplyAdd(d, x, d0);
                if (TWidth.Value > 1)
                {
                    x = TLanes.LoadFloats(input1 + i);
                    a1 = TLanes.MultiplyAdd(a, x, a1);
                    b1 = TLanes.MultiplyAdd(b, x, b1);
                    c1 = TLanes.MultiplyAdd(c, x, c1);
                    d1 = TLanes.MultiplyAdd(d, x, d1);
                }

                if (TWidth.Value > 2)
                {
                    x = TLanes.LoadFloats(input2 + i);
                    a2 = TLanes.MultiplyAdd(a, x, a2);
                    b2 = TLanes.MultiplyAdd(b, x, b2);
                    c2 = TLanes.MultiplyAdd(c, x, c2);
                    d2 = TLanes.MultiplyAdd(d, x, d2);
                }

                if (TWidth.Value > 3)
                {
                    x = TLanes.LoadFloats(input3 + i);
                    a3 = TLanes.MultiplyAdd(a, x, a3);
                    b3 = TLanes.MultiplyAdd(b, x, b3);
                    c3 = TLanes.MultiplyAdd(c, x, c3);
                    d3 = TLanes.MultiplyAdd(d, x, d3);
                }
            }
        }

        StoreFour(a0, b0, c0, d0, lanes);
        if (TWidth.Value > 1)
        {
            StoreFour(a1, b1, c1, d1, lanes1);
        }

        if (TWidth.Value > 2)
        {
            StoreFour(a2, b2, c2, d2, lanes2);
        }

        if (TWidth.Value > 3)
        {
            StoreFour(a3, b3, c3, d3, lanes3);
        }
    }

    /// <summary>sums[item][c] = fma(inputs[item][r], weights[r, c], sums[item][c]) for the rows 0..<paramref name="rows"/>, ascending, a few items.</summary>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="scales">As for <see cref="AddProducts"/>; strips of columns must not cross the end of a tile.</param>
    /// <param name="inputs">[width].</param>
    /// <param name="sums">[width].</param>
    /// <param name="columns">A multiple of a vector's count.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void AddRows<TElement, TLanes, TWidth>(byte* weights, nint stride, nint rows, float* scales, float** inputs, float** sums, nint columns)
        where TElement : unmanaged, IWidened
        where TLanes : struct, ILanes<TLanes>
        where TWidth : struct, IWidth
    {
        var input0 = inputs[0];
        var input1 = TWidth.Value > 1 ? inputs[1] : null;
        var input2 = TWidth.Value > 2 ? inputs[2] : null;
        var input3 = TWidth.Value > 3 ? inputs[3] : null;
        var sums0 = sums[0];
        var sums1 = TWidth.Value > 1 ? sums[1] : null;
        var sums2 = TWidth.Value > 2 ? sums[2] : null;
        var sums3 = TWidth.Value > 3 ? sums[3] : null;
        nint column = 0;
        for (; column <= columns - (4 * TLanes.Count); column += 4 * TLanes.Count)
        {
            LoadFour(sums0 + column, out TLanes a0, out TLanes b0, out TLanes c0, out TLanes d0); // vectors a-d of columns, item 0
            LoadFour(TWidth.Value > 1 ? sums1 + column : sums0, out TLanes a1, out TLanes b1, out TLanes c1, out TLanes d1);
            LoadFour(TWidth.Value > 2 ? sums2 + column : sums0, out TLanes a2, out TLanes b2, out TLanes c2, out TLanes d2);
            LoadFour(TWidth.Value > 3 ? sums3 + column : sums0, out TLanes a3, out TLanes b3, out TLanes c3, out TLanes d3);
            var w = weights + (column * sizeof(TElement));
            var scale = TElement.IsScaled ? TLanes.Broadcast(scales[column / F8_E4M3.TileLength]) : TLanes.Zero;
            for (nint row = 0; row < rows; row++, w += stride)
            {
                var a = Load<TElement, TLanes>(w, scale);
                var b = Load<TElement, TLanes>(w + (TLanes.Count * sizeof(TElement)), scale);
                var c = Load<TElement, TLanes>(w + (2 * TLanes.Count * sizeof(TElement)), scale);
                var d = Load<TElement, TLanes>(w + (3 * TLanes.Count * sizeof(TElement)), scale);
                var x = TLanes.Broadcast(input0[row]);
                a0 = TLanes.MultiplyAdd(x, a, a0);
                b0 = TLanes.MultiplyAdd(x, b, b0);
                c0 = TLanes.MultiplyAdd(x, c, c0);
                d0 = TLanes.MultiplyAdd(x, d, d0);
                if (TWidth.Value > 1)
                {
                    x = TLanes.Broadcast(input1[row]);
                    a1 = TLanes.MultiplyAdd(x, a, a1);
                    b1 = TLanes.MultiplyAdd(x, b, b1);
                    c1 = TLanes.MultiplyAdd(x, c, c1);
                    d1 = TLanes.MultiplyAdd(x, d, d1);
                }

                if (TWidth.Value > 2)
                {
                    x = TLanes.Broadcast(input2[row]);
                    a2 = TLanes.MultiplyAdd(x, a, a2);
                    b2 = TLanes.MultiplyAdd(x, b, b2);
                    c2 = TLanes.MultiplyAdd(x, c, c2);
                    d2 = TLanes.MultiplyAdd(x, d, d2);
                }

                if (TWidth.Value > 3)
                {
                    x = TLanes.Broadcast(input3[row]);
                    a3 = TLanes.MultiplyAdd(x, a, a3);
                    b3 = TLanes.MultiplyAdd(x, b, b3);
                    c3 = TLanes.MultiplyAdd(x, c, c3);
                    d3 = TLanes.MultiplyAdd(x, d, d3);
                }
            }

            StoreVectors(a0, b0, c0, d0, sums0 + column);
            if (TWidth.Value > 1)
            {
                StoreVectors(a1, b1, c1, d1, sums1 + column);
            }

            if (TWidth.Value > 2)
            {
                StoreVectors(a2, b2, c2, d2, sums2 + column);
            }

            if (TWidth.Value > 3)
            {
                StoreVectors(a3, b3, c3, d3, sums3 + column);
            }
        }

        for (; column < columns; column += TLanes.Count)
        {
            var scale = TElement.IsScaled ? TLanes.Broadcast(scales[column / F8_E4M3.TileLength]) : TLanes.Zero;
            for (var item = 0; item < TWidth.Value; item++)
            {
                var sum = TLanes.LoadFloats(sums[item] + column);
                var w = weights + (column * sizeof(TElement));
                for (nint row = 0; row < rows; row++, w += stride)
                {
                    sum = TLanes.MultiplyAdd(TLanes.Broadcast(inputs[item][row]), Load<TElement, TLanes>(w, scale), sum);
                }

                sum.Store(sums[item] + column);
            }
        }
    }

    /// <summary>The tree that ends a sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SumLanes(float* lanes)
    {
        var eight = Vector256.Load(lanes) + Vector256.Load(lanes + 8);
        var four = eight.GetLower() + eight.GetUpper();
        var two = four + Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1));
        return two.ToScalar() + two.GetElement(1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Load<TElement, TLanes>(byte* elements, TLanes scale)
        where TElement : unmanaged, IWidened
        where TLanes : struct, ILanes<TLanes> =>
        TElement.IsScaled ? TLanes.Multiply(TLanes.Load<TElement>(elements), scale) : TLanes.Load<TElement>(elements);

    // Of one item.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFour<TLanes>(TLanes a, TLanes b, TLanes c, TLanes d, float* lanes)
        where TLanes : struct, ILanes<TLanes>
    {
        a.Store(lanes);
        b.Store(lanes + Lanes);
        c.Store(lanes + (2 * Lanes));
        d.Store(lanes + (3 * Lanes));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadFour<TLanes>(float* values, out TLanes a, out TLanes b, out TLanes c, out TLanes d)
        where TLanes : struct, ILanes<TLanes>
    {
        a = TLanes.LoadFloats(values);
        b = TLanes.LoadFloats(values + TLanes.Count);
        c = TLanes.LoadFloats(values + (2 * TLanes.Count));
        d = TLanes.LoadFloats(values + (3 * TLanes.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreVectors<TLanes>(TLanes a, TLanes b, TLanes c, TLanes d, float* values)
        where TLanes : struct, ILanes<TLanes>
    {
        a.Store(values);
        b.Store(values + TLanes.Count);
        c.Store(values + (2 * TLanes.Count));
        d.Store(values + (3 * TLanes.Count));
    }
}
