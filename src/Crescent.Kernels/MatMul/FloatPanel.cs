using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>Takes the rows of a panel and the items of a job through <see cref="FloatMatMul"/>'s loops, in the widest vectors of a level.</summary>
internal static unsafe class FloatPanel
{
    /// <summary>Weight rows of a panel.</summary>
    public const int Rows = 16;

    // Columns of 4 rows at a time: vectors that hold half of the lanes take them twice, while they are in the first-level cache.
    private const int PieceColumns = 512;

    /// <summary>Whether a level's vectors hold all lanes here. Constant to the JIT.</summary>
    private static bool IsWide<TIsa>()
        where TIsa : struct, IIsa => TIsa.Level == IsaLevel.Avx512 && Vector512.IsHardwareAccelerated;

    /// <summary>Input rows that a loop takes at a time.</summary>
    public static int Items<TIsa>()
        where TIsa : struct, IIsa => IsWide<TIsa>() ? Lanes16.Items : Lanes8<TIsa>.Items;

    /// <summary>Adds the products of some columns to the lanes of all items.</summary>
    /// <param name="stride">Bytes from a weight row to the next.</param>
    /// <param name="scales">Of all rows: one for every tile of columns. Not read unless elements are scaled.</param>
    /// <param name="rows">At most a panel.</param>
    /// <param name="inputs">[items] where the inputs' columns begin.</param>
    /// <param name="lanes">[items, panel rows, 16 lanes].</param>
    public static void AddProducts<TElement, TIsa>(byte* weights, nint stride, float* scales, int rows, int columns, float** inputs, int items, float* lanes)
        where TElement : unmanaged, IWidened
        where TIsa : struct, IIsa
    {
        if (IsWide<TIsa>())
        {
            AddTiles<TElement, Lanes16>(weights, stride, scales, rows, columns, inputs, items, lanes);
        }
        else
        {
            AddTiles<TElement, Lanes8<TIsa>>(weights, stride, scales, rows, columns, inputs, items, lanes);
        }
    }

    /// <summary>sums[item][c] = fma(inputs[item][r], weights[r, c], sums[item][c]), r ascending.</summary>
    /// <inheritdoc cref="AddProducts"/>
    public static void AddRows<TElement, TIsa>(byte* weights, nint stride, float* scales, int rows, int columns, float** inputs, float** sums, int items)
        where TElement : unmanaged, IWidened
        where TIsa : struct, IIsa
    {
        if (IsWide<TIsa>())
        {
            AddStrips<TElement, Lanes16>(weights, stride, scales, rows, columns, inputs, sums, items);
        }
        else
        {
            AddStrips<TElement, Lanes8<TIsa>>(weights, stride, scales, rows, columns, inputs, sums, items);
        }
    }

    /// <summary>output[0..rows] = the sums of one item's lanes, [rows, 16].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Store(float* lanes, int rows, float* output)
    {
        for (nint row = 0; row < rows; row++)
        {
            output[row] = FloatMatMul.SumLanes(lanes + (row * FloatMatMul.Lanes));
        }
    }

    // A few items of the block's columns stay in the first-level cache while all rows of the panel, which are there too, pass.
    private static void AddTiles<TElement, TLanes>(byte* weights, nint stride, float* scales, int rows, int columns, float** inputs, int items, float* lanes)
        where TElement : unmanaged, IWidened
        where TLanes : struct, ILanes<TLanes>
    {
        var four = stackalloc byte*[FloatMatMul.Rows];
        for (var item = 0; item < items; item += TLanes.Items)
        {
            var width = Math.Min(TLanes.Items, items - item);
            for (var row = 0; row < rows; row += FloatMatMul.Rows)
            {
                for (var i = 0; i < FloatMatMul.Rows; i++)
                {
                    four[i] = weights + (Math.Min(row + i, rows - 1) * stride);
                }

                AddTile<TElement, TLanes>(
                    four, scales, inputs + item, width, columns, lanes + (item * FloatMatMul.ItemLanes) + (row * FloatMatMul.Lanes), four[0] + (FloatMatMul.Rows * stride));
            }
        }
    }

    private static void AddTile<TElement, TLanes>(byte** rows, float* scales, float** inputs, int items, int columns, float* lanes, byte* next)
        where TElement : unmanaged, IWidened
        where TLanes : struct, ILanes<TLanes>
    {
        var whole = columns & ~(FloatMatMul.Lanes - 1);
        for (var column = 0; column < whole; column += PieceColumns)
        {
            var ahead = next + (FloatMatMul.Rows * column * sizeof(TElement));
            AddHalves<TElement, TLanes>(rows, scales, inputs, items, column, Math.Min(PieceColumns, whole - column), lanes, ahead);
        }

        if (whole < columns)
        {
            AddTail<TElement, TLanes>(rows, scales, inputs, items, whole, columns - whole, lanes);
        }
    }

    private static void AddHalves<TElement, TLanes>(byte** rows, float* scales, float** inputs, int items, nint first, nint columns, float* lanes, byte* next)
        where TElement : unmanaged, IWidened
        where TLanes : struct, ILanes<TLanes>
    {
        var rowsAt = stackalloc byte*[FloatMatMul.Rows];
        var inputsAt = stackalloc float*[4];
        scales += TElement.IsScaled ? first / F8_E4M3.TileLength : 0;
        for (var lane = 0; lane < FloatMatMul.Lanes; lane += TLanes.Count)
        {
            for (var i = 0; i < FloatMatMul.Rows; i++)
            {
                rowsAt[i] = rows[i] + ((first + lane) * sizeof(TElement));
            }

            for (var i = 0; i < items; i++)
            {
                inputsAt[i] = inputs[i] + first + lane;
            }

            switch (items)
            {
                case 1:
                    FloatMatMul.AddProducts<TElement, TLanes, Width1>(rowsAt, inputsAt, scales, columns, lanes + lane, next);
                    break;
                case 2:
                    FloatMatMul.AddProducts<TElement, TLanes, Width2>(rowsAt, inputsAt, scales, columns, lanes + lane, next);
                    break;
                case 3:
                    FloatMatMul.AddProducts<TElement, TLanes, Width3>(rowsAt, inputsAt, scales, columns, lanes + lane, next);
                    break;
                default:
                    FloatMatMul.AddProducts<TElement, TLanes, Width4>(rowsAt, inputsAt, scales, columns, lanes + lane, next);
                    break;
            }
        }
    }

    // Fewer than 16 columns, continued with zeros.
    private static void AddTail<TElement, TLanes>(byte** rows, float* scales, float** inputs, int items, nint first, int columns, float* lanes)
        where TElement : unmanaged, IWidened
        where TLanes : struct, ILanes<TLanes>
    {
        var values = stackalloc float[8 * FloatMatMul.Lanes]; // 4 weight rows and up to 4 input rows
        var rowsAt = stackalloc byte*[FloatMatMul.Rows];
        var inputsAt = stackalloc float*[4];
        new Span<float>(values, 8 * FloatMatMul.Lanes).Clear();
        for (var i = 0; i < FloatMatMul.Rows; i++, values += FloatMatMul.Lanes)
        {
            WidenEach<TElement>(rows[i] + (first * sizeof(TElement)), scales, first, columns, values);
            rowsAt[i] = (byte*)values;
        }

        for (var i = 0; i < items; i++, values += FloatMatMul.Lanes)
        {
            new Span<float>(inputs[i] + first, columns).CopyTo(new Span<float>(values, columns));
            inputsAt[i] = values;
        }

        AddHalves<F32, TLanes>(rowsAt, null, inputsAt, items, 0, FloatMatMul.Lanes, lanes, (byte*)values);
    }

    private static void AddStrips<TElement, TLanes>(byte* weights, nint stride, float* scales, int rows, int columns, float** inputs, float** sums, int items)
        where TElement : unmanaged, IWidened
        where TLanes : struct, ILanes<TLanes>
    {
        var whole = columns & ~(TLanes.Count - 1);
        for (var item = 0; item < items; item += TLanes.Items)
        {
            switch (Math.Min(TLanes.Items, items - item))
            {
                case 1:
                    FloatMatMul.AddRows<TElement, TLanes, Width1>(weights, stride, rows, scales, inputs + item, sums + item, whole);
                    break;
                case 2:
                    FloatMatMul.AddRows<TElement, TLanes, Width2>(weights, stride, rows, scales, inputs + item, sums + item, whole);
                    break;
                case 3:
                    FloatMatMul.AddRows<TElement, TLanes, Width3>(weights, stride, rows, scales, inputs + item, sums + item, whole);
                    break;
                default:
                    FloatMatMul.AddRows<TElement, TLanes, Width4>(weights, stride, rows, scales, inputs + item, sums + item, whole);
                    break;
            }
        }

        if (whole < columns)
        {
            AddLastColumns<TElement, TLanes>(weights + (whole * sizeof(TElement)), stride, scales, rows, columns - whole, inputs, sums, items, whole);
        }
    }

    // Columns that do not fill a vector, in copies, so that nothing outside the rows is read or written.
    private static void AddLastColumns<TElement, TLanes>(
        byte* weights, nint stride, float* scales, int rows, int columns, float** inputs, float** sums, int items, int first)
        where TElement : unmanaged, IWidened
        where TLanes : struct, ILanes<TLanes>
    {
        var values = stackalloc float[2 * FloatMatMul.Lanes];
        var sum = values + FloatMatMul.Lanes;
        for (nint row = 0; row < rows; row++)
        {
            WidenEach<TElement>(weights + (row * stride), scales, first, columns, values);
            for (var item = 0; item < items; item++)
            {
                var input = inputs[item] + row;
                new Span<float>(sums[item] + first, columns).CopyTo(new Span<float>(sum, columns));
                FloatMatMul.AddRows<F32, TLanes, Width1>((byte*)values, 0, 1, null, &input, &sum, TLanes.Count);
                new Span<float>(sum, columns).CopyTo(new Span<float>(sums[item] + first, columns));
            }
        }
    }

    /// <param name="firstColumn">The first element's place among the scales' columns.</param>
    private static void WidenEach<TElement>(byte* elements, float* scales, nint firstColumn, int count, float* values)
        where TElement : unmanaged, IWidened
    {
        for (var i = 0; i < count; i++)
        {
            var value = TElement.Widen(elements + (i * sizeof(TElement)));
            values[i] = TElement.IsScaled ? value * scales[(firstColumn + i) / F8_E4M3.TileLength] : value;
        }
    }
}
