using Crescent.Kernels.Memory;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>Weights of a format with super-blocks of 256.</summary>
internal sealed unsafe class SuperBlockMatrix<TBlock, TIsa>(ByteRegion bytes, int rows, int columns)
    : QuantizedMatrix<TIsa>(TBlock.DType, bytes, rows, columns)
    where TBlock : unmanaged, ISuperBlock<TBlock>
    where TIsa : struct, IIsa
{
    internal override void Decode(int row, int firstColumn, int columns, float* values) =>
        SuperBlockMatMul.Decode<TBlock>(RowAddress(row) + (firstColumn / 256 * sizeof(TBlock)), columns / 256, values);

    private protected override WeightMatrix View(ByteRegion bytes, int rows) => new SuperBlockMatrix<TBlock, TIsa>(bytes, rows, Columns);

    private protected override void MultiplyRows(byte* weights, nint stride, QuantizedRow input, float* output) =>
        SuperBlockMatMul.MultiplyRows<TBlock, TIsa>(weights, stride, input, Columns / 256, output);

    private protected override long PackedBytes => (long)Columns / 256 * SuperBlockMatMul.PackedBytes;

    private protected override void Pack(byte* weights, nint stride, byte* packed) =>
        SuperBlockMatMul.Pack<TBlock, TIsa>(weights, stride, Columns / 256, packed);

    private protected override void MultiplyPacked(byte* packed, QuantizedRow* inputs, int count, float* output) =>
        SuperBlockMatMul.MultiplyPacked<TBlock, TIsa>(packed, inputs, count, Columns / 256, output);
}
