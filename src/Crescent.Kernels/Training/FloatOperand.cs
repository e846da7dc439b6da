namespace Crescent.Kernels.Training;

/// <summary>Where a matrix lies: element (r, c) at <c>Address[r·RowStride + c·ColumnStride]</c>; one of the strides is 1.</summary>
internal readonly unsafe struct FloatOperand(float* address, nint rowStride, nint columnStride)
{
    public readonly float* Address = address;
    public readonly nint RowStride = rowStride;
    public readonly nint ColumnStride = columnStride;

    public FloatOperand Transposed => new(Address, ColumnStride, RowStride);

    public FloatOperand At(nint row, nint column) => new(Address + (row * RowStride) + (column * ColumnStride), RowStride, ColumnStride);
}
