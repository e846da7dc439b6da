using Crescent.Kernels.Emitted;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>Weights of a format with super-blocks of 256.</summary>
internal sealed unsafe class SuperBlockMatrix<TBlock, TIsa>(in MatrixSource source, PanelRows? panels = null)
    : QuantizedMatrix<TIsa>(source, panels)
    where TBlock : unmanaged, ISuperBlock<TBlock>
    where TIsa : struct, IIsa
{
    internal override void Decode(int row, int firstColumn, int columns, float* values) =>
        SuperBlockMatMul.Decode<TBlock>(RowAddress(row) + (firstColumn / 256 * sizeof(TBlock)), columns / 256, values);

    private protected override WeightMatrix View(int firstRow, int rows) =>
        new SuperBlockMatrix<TBlock, TIsa>(Source.RowRange(firstRow, rows, RowBytes, 0), PanelsFrom(firstRow));

    private protected override void MultiplyRows(in WeightRows rows, QuantizedGroup* input, float* output)
    {
        if (TBlock.HasOneSubScale)
        {
            SuperBlockMatMul.MultiplyRows<TBlock, TIsa>(rows.Codes, rows.Stride, input, Columns / 256, output);
        }
        else
        {
            SuperBlockMatMul.MultiplyPairedRows<TBlock, TIsa>(rows.Codes, rows.Stride, input, Columns / 256, output);
        }
    }

    private protected override long PackedBytes =>
        (long)Columns / 256 * (TBlock.HasOneSubScale ? 8 * ScaledGroup.PackedBytes : PairScaledGroup.PackedBytes);

    private protected override void Pack(in WeightRows rows, byte* packed)
    {
        if (TBlock.HasOneSubScale)
        {
            SuperBlockMatMul.Pack<TBlock, TIsa>(rows.Codes, rows.Stride, Columns / 256, packed);
        }
        else
        {
            PairScaledGroup.Pack<TBlock, TIsa>(rows.Codes, rows.Stride, Columns / 256, packed);
        }
    }

    private protected override void MultiplyPacked(byte* packed, QuantizedGroup** inputs, int count, float* output)
    {
        if (TBlock.HasOneSubScale)
        {
            ScaledGroup.MultiplyPacked<TBlock, TIsa>(packed, inputs, count, Columns / 32, output);
        }
        else
        {
            PairScaledGroup.MultiplyPacked<TBlock, TIsa>(packed, inputs, count, Columns / 256, output);
        }
    }
}
