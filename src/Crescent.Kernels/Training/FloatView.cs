using Crescent.Kernels.Memory;

namespace Crescent.Kernels.Training;

/// <summary>A float32 matrix inside a buffer: element (r, c) lies at <c>Start + r·RowStride + c·ColumnStride</c>. One of the strides is 1.</summary>
public readonly record struct FloatView(AlignedBuffer<float> Buffer, long Start, int Rows, int Columns, int RowStride, int ColumnStride)
{
    /// <summary>A whole row-major matrix that begins at <paramref name="start"/>.</summary>
    public FloatView(AlignedBuffer<float> buffer, long start, int rows, int columns)
        : this(buffer, start, rows, columns, columns, 1)
    {
    }

    /// <summary>The same values with rows and columns exchanged.</summary>
    public FloatView Transposed => new(Buffer, Start, Columns, Rows, ColumnStride, RowStride);

    /// <summary>Some of its rows.</summary>
    public FloatView RowRange(int first, int count) => this with { Start = Start + ((long)first * RowStride), Rows = count };

    /// <summary>Some of its columns.</summary>
    public FloatView ColumnRange(int first, int count) => this with { Start = Start + ((long)first * ColumnStride), Columns = count };

    internal unsafe FloatOperand Operand => new(Buffer.Address + Start, RowStride, ColumnStride);

    /// <summary>Whether every element lies in the buffer.</summary>
    internal void Check(string name)
    {
        if (Rows < 0 || Columns < 0 || RowStride < 1 || ColumnStride < 1 || (RowStride != 1 && ColumnStride != 1))
        {
            throw new ArgumentException($"{name}: expected sizes from 0 and strides from 1, one of them 1, found [{Rows}, {Columns}] with strides {RowStride} and {ColumnStride}", name);
        }

        var last = Start + ((long)(Rows - 1) * RowStride) + ((long)(Columns - 1) * ColumnStride);
        if (Rows > 0 && Columns > 0 && (Start < 0 || last >= Buffer.Length))
        {
            throw new ArgumentException($"{name}: elements {Start}..{last} are outside a buffer of {Buffer.Length}", name);
        }
    }
}
