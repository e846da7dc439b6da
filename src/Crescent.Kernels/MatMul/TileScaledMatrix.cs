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
        var codes = RowAddress(row);
        var scales = Source.Scales + ((tileRow + (nint)row) / F8_E4M3.TileLength * TileRowBytes);
        var end = (nint)firstColumn + columns;
        for (nint column = firstColumn; column < end;)
        {
            var tile = column / F8_E4M3.TileLength;
            var next = Math.Min(end, (tile + 1) * F8_E4M3.TileLength);
            var scale = Unsafe.ReadUnaligned<float>(scales + (tile * sizeof(float)));
            F8_E4M3.Decode(codes + column, next - column, scale, values + (column - firstColumn));
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

    // Bytes of the scales of one row of tiles.
    private nint TileRowBytes => ((nint)Columns + (F8_E4M3.TileLength - 1)) / F8_E4M3.TileLength * sizeof(float);
}
