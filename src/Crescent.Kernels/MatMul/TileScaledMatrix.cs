using System.Diagnostics;
using System.Runtime.CompilerServices;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>FP8 weights with a float32 scale for each tile of 128 × 128 values.</summary>
/// <param name="tileRow">The first row's place in its tile: a row range may begin anywhere.</param>
internal sealed unsafe class TileScaledMatrix<TIsa>(in MatrixSource source, int tileRow) : PanelMatrix<TIsa>(source)
    where TIsa : struct, IIsa
{
    // Up to this many items, decoding a row for each is faster than a pass through scratch memory.
    private const int DirectItems = 2;

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

    private protected override void MultiplyFloat(in MatMulJob job, int firstRow, int rows, float* scratch)
    {
        if (job.Count > DirectItems)
        {
            base.MultiplyFloat(job, firstRow, rows, scratch);
            return;
        }

        var two = stackalloc float[2];
        for (var row = firstRow; row < firstRow + rows; row += 2)
        {
            var count = Math.Min(2, firstRow + rows - row);
            var (row0, row1) = (RowAt(row), RowAt(row + count - 1));
            for (var item = 0; item < job.Count; item++)
            {
                TileScaledMatMul.MultiplyTwo<TIsa>(row0, row1, job.Input.RowValues(job.InputRow(item)), Columns, two);
                Copy(two, job.OutputOf(item) + row, count);
            }
        }
    }

    private TileScaledRow RowAt(int row) =>
        new(RowAddress(row), Source.Scales + ((tileRow + (nint)row) / F8_E4M3.TileLength * TileRowBytes));

    // Bytes of the scales of one row of tiles.
    private nint TileRowBytes => ((nint)Columns + (F8_E4M3.TileLength - 1)) / F8_E4M3.TileLength * sizeof(float);
}
