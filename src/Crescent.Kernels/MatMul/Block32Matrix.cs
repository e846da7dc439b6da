using Crescent.Kernels.Emitted;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>Weights of a format with blocks of 32.</summary>
internal sealed unsafe class Block32Matrix<TBlock, TIsa>(in MatrixSource source, PanelRows? panels = null)
    : QuantizedMatrix<TIsa>(source, panels)
    where TBlock : unmanaged, IBlock32<TBlock>
    where TIsa : struct, IIsa
{
    internal override long ScaleBytes => Rows * ScaleRowBytes;

    internal override void Decode(int row, int firstColumn, int columns, float* values)
    {
        var block = (nint)firstColumn / 32;
        var scales = Source.Scales + (row * (nint)ScaleRowBytes * Source.Bytes.RowStep) + (block * TBlock.ScaleBytes);
        Block32MatMul.Decode<TBlock>(RowAddress(row) + (block * sizeof(TBlock)), scales, columns / 32, values);
    }

    private protected override long ScaleRowBytes => Columns / 32 * (long)TBlock.ScaleBytes;

    private protected override WeightMatrix View(int firstRow, int rows) =>
        new Block32Matrix<TBlock, TIsa>(Source.RowRange(firstRow, rows, RowBytes, ScaleRowBytes), PanelsFrom(firstRow));

    private protected override void MultiplyRows(in WeightRows rows, QuantizedGroup* input, float* output) =>
        Block32MatMul.MultiplyRows<TBlock, TIsa>(rows, input, Columns / 32, output);

    private protected override long PackedBytes => (long)Columns / 32 * ScaledGroup.PackedBytes;

    private protected override void Pack(in WeightRows rows, byte* packed) =>
        Block32MatMul.Pack<TBlock, TIsa>(rows, Columns / 32, packed);

    private protected override void MultiplyPacked(byte* packed, QuantizedGroup** inputs, int count, float* output) =>
        ScaledGroup.MultiplyPacked<TBlock, TIsa>(packed, inputs, count, Columns / 32, output);
}
