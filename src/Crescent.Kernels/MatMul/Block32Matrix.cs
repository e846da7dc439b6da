using Crescent.Kernels.Memory;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>Weights of a format with blocks of 32.</summary>
internal sealed unsafe class Block32Matrix<TBlock, TIsa>(ByteRegion bytes, int rows, int columns)
    : QuantizedMatrix<TIsa>(TBlock.DType, bytes, rows, columns)
    where TBlock : unmanaged, IBlock32<TBlock>
    where TIsa : struct, IIsa
{
    internal override void Decode(int row, int firstColumn, int columns, float* values) =>
        Block32MatMul.Decode<TBlock>(RowAddress(row) + (firstColumn / 32 * sizeof(TBlock)), columns / 32, values);

    private protected override WeightMatrix View(ByteRegion bytes, int rows) => new Block32Matrix<TBlock, TIsa>(bytes, rows, Columns);

    private protected override void MultiplyRows(byte* weights, nint stride, QuantizedRow input, float* output) =>
        Block32MatMul.MultiplyRows<TBlock, TIsa>(weights, stride, input, Columns / 32, output);

    private protected override long PackedBytes => (long)Columns / 32 * Block32MatMul.PackedBytes;

    private protected override void Pack(byte* weights, nint stride, byte* packed) =>
        Block32MatMul.Pack<TBlock, TIsa>(weights, stride, Columns / 32, packed);

    private protected override void MultiplyPacked(byte* packed, QuantizedRow* inputs, int count, float* output) =>
        Block32MatMul.MultiplyPacked<TBlock, TIsa>(packed, inputs, count, Columns / 32, output);
}
