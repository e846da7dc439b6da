using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>Weights of a floating-point format. Products mostly widen them in registers, where they lie.</summary>
internal sealed unsafe class FloatMatrix<TElement, TIsa>(in MatrixSource source)
    : PanelMatrix<TIsa>(source)
    where TElement : unmanaged, IFloatElement<TElement>
    where TIsa : struct, IIsa
{
    private const int SharedItems = 16;

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

    // A few items read each row once, from end to end.
    private protected override int ProductColumns(int items) => items <= FloatPanel.Items<TIsa>() ? Columns : TileColumns;

    private protected override void AddProducts(in FloatBlock block, float** inputs, int items, float* lanes, float* tile)
    {
        // Many items share decoded rows: halves are slow to widen, and rows of floats some power of two apart share few places in the cache.
        if (items >= SharedItems && typeof(TElement) != typeof(BF16))
        {
            base.AddProducts(block, inputs, items, lanes, tile);
        }
        else
        {
            FloatPanel.AddProducts<TElement, TIsa>(AddressOf(block), RowStride, null, block.Rows, block.Columns, inputs, items, lanes);
        }
    }

    private protected override void AddTransposed(in FloatBlock block, float** inputs, float** sums, int items, float* tile) =>
        FloatPanel.AddRows<TElement, TIsa>(AddressOf(block), RowStride, null, block.Rows, block.Columns, inputs, sums, items);

    private byte* AddressOf(in FloatBlock block) => RowAddress(block.FirstRow) + ((nint)block.FirstColumn * sizeof(TElement));
}
