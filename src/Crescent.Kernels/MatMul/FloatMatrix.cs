using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>Weights of a floating-point format.</summary>
internal sealed unsafe class FloatMatrix<TElement, TIsa>(in MatrixSource source)
    : PanelMatrix<TIsa>(source)
    where TElement : unmanaged, IFloatElement<TElement>
    where TIsa : struct, IIsa
{
    internal override bool IsQuantized => false;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal override void Decode(int row, int firstColumn, int columns, float* values)
    {
        var elements = (TElement*)RowAddress(row) + firstColumn;
        nint i = 0;
        for (; i <= columns - 8; i += 8)
        {
            TElement.Load((byte*)(elements + i)).Store(values + i);
        }

        for (; i < columns; i++)
        {
            TElement.Decode(elements[i], new Span<float>(values + i, 1));
        }
    }

    private protected override WeightMatrix View(int firstRow, int rows) =>
        new FloatMatrix<TElement, TIsa>(Source.RowRange(firstRow, rows, RowBytes, 0));

    private protected override long Int8ScratchBytes(int count) => throw new UnreachableException();

    private protected override void MultiplyInt8(in MatMulJob job, int firstRow, int rows, byte* scratch) => throw new UnreachableException();

    private protected override float* FloatRow(int row, float* scratch) =>
        typeof(TElement) == typeof(F32) ? (float*)RowAddress(row) : base.FloatRow(row, scratch);

    private protected override float* FloatTile(int firstRow, int rows, int firstColumn, int columns, float* scratch, out nint stride)
    {
        if (typeof(TElement) != typeof(F32))
        {
            return base.FloatTile(firstRow, rows, firstColumn, columns, scratch, out stride);
        }

        stride = RowStride / sizeof(float);
        return (float*)RowAddress(firstRow) + firstColumn;
    }
}
