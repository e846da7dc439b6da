using System.Diagnostics;
using System.Runtime.CompilerServices;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>FP8 weights with a float32 scale for each tile of 128 × 128 values.</summary>
/// <param name="tileRow">The first row's place in its tile: a row range may begin anywhere.</param>
internal sealed unsafe class TileScaledMatrix<TIsa>(in MatrixSource source, int tileRow) : PanelMatrix<TIsa>(source)
    where TIsa : struct, IIsa
{
    internal override bool IsQuantized => false;

    internal override long ScaleBytes => Source.Bytes.Scales.Length;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal override void Decode(int row, int firstColumn, int columns, float* values)
    {
        var source = RowAt(row);
        var end = (nint)firstColumn + columns;
        for (nint column = firstColumn; column < end;)
        {
            var next = Math.Min(end, ((column / F8_E4M3.TileLength) + 1) * F8_E4M3.TileLength);
            F8_E4M3.Decode(source.Codes + column, next - column, source.Scale(column), values + (column - firstColumn));
            column = next;
        }
    }

    private protected override WeightMatrix View(int firstRow, int rows)
    {
        var bytes = Source.Bytes;
        var first = (nint)tileRow + firstRow;
        var firstTile = first / F8_E4M3.TileLength;
        var lastTile = (first + rows - 1) / F8_E4M3.TileLength;
        var view = Source with
        {
            Bytes = bytes with
            {
                Codes = bytes.Codes.Slice(firstRow * RowBytes, rows * RowBytes),
                Scales = bytes.Scales.Slice(firstTile * TileRowBytes, (lastTile - firstTile + 1) * TileRowBytes),
                Rows = rows,
            },
        };
        return new TileScaledMatrix<TIsa>(view, (int)(first % F8_E4M3.TileLength));
    }

    private protected override long Int8ScratchBytes(int count) => throw new UnreachableException();

    private protected override void MultiplyInt8(in MatMulJob job, int firstRow, int rows, byte* scratch) => throw new UnreachableException();

    private protected override int ProductColumns(int items) => items <= FloatPanel.Items<TIsa>() ? Columns : TileColumns;

    // A few items widen codes in registers; more of them share decoded rows.
    private protected override void AddProducts(in FloatBlock block, float** inputs, int items, float* lanes, float* tile)
    {
        if (items > FloatPanel.Items<TIsa>())
        {
            base.AddProducts(block, inputs, items, lanes, tile);
        }
        else if (!TryAddProducts(block, inputs, items, lanes))
        {
            AddDecoded(block, inputs, items, lanes, tile);
        }
    }

    private bool TryAddProducts(in FloatBlock block, float** inputs, int items, float* lanes)
    {
        var scales = stackalloc float[TileCount(block.Columns)];
        if (!TryRebaseScales(block, scales))
        {
            return false;
        }

        FloatPanel.AddProducts<F8Code, TIsa>(RowAddress(block.FirstRow), RowStride, scales, block.Rows, block.Columns, inputs, items, lanes);
        return AreNumbers(block);
    }

    // What registers cannot widen: codes that are no numbers, scales that are no ordinary ones, rows with different scales.
    private void AddDecoded(in FloatBlock block, float** inputs, int items, float* lanes, float* tile)
    {
        for (var item = 0; item < items; item++)
        {
            new Span<float>(lanes + (item * FloatMatMul.ItemLanes), block.Rows * FloatMatMul.Lanes).Clear();
        }

        var moved = stackalloc float*[items];
        for (var column = 0; column < block.Columns; column += TileColumns)
        {
            for (var item = 0; item < items; item++)
            {
                moved[item] = inputs[item] + column;
            }

            base.AddProducts(block with { FirstColumn = column, Columns = Math.Min(TileColumns, block.Columns - column) }, moved, items, lanes, tile);
        }
    }

    // False where rows do not share their scales, too: where a range of rows begins inside a tile.
    private bool TryRebaseScales(in FloatBlock block, float* scales)
    {
        var row = RowAt(block.FirstRow);
        var finite = row.HasScalesOf(RowAt(block.FirstRow + block.Rows - 1));
        for (var tile = 0; tile < TileCount(block.Columns); tile++)
        {
            finite &= F8_E4M3.TryRebase(row.Scale(block.FirstColumn + (tile * F8_E4M3.TileLength)), out scales[tile]);
        }

        return finite;
    }

    private bool AreNumbers(in FloatBlock block)
    {
        var numbers = true;
        for (var row = 0; row < block.Rows; row++)
        {
            numbers &= F8_E4M3.AreNumbers(RowAddress(block.FirstRow + row) + block.FirstColumn, block.Columns);
        }

        return numbers;
    }

    private static int TileCount(int columns) => (columns + F8_E4M3.TileLength - 1) / F8_E4M3.TileLength;

    private TileScaledRow RowAt(int row) =>
        new(RowAddress(row), Source.Scales + ((tileRow + (nint)row) / F8_E4M3.TileLength * TileRowBytes));

    // Bytes of the scales of one row of tiles.
    private nint TileRowBytes => ((nint)Columns + (F8_E4M3.TileLength - 1)) / F8_E4M3.TileLength * sizeof(float);
}
