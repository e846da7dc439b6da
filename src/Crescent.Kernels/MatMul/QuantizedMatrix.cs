using Crescent.Kernels.Memory;

namespace Crescent.Kernels.MatMul;

/// <summary>Weights of any quantised format: how a panel's rows and a job's items are taken through the format's loops.</summary>
internal abstract unsafe class QuantizedMatrix<TIsa>(DType dtype, ByteRegion bytes, int rows, int columns) : PanelMatrix<TIsa>(dtype, bytes, rows, columns)
    where TIsa : struct, IIsa
{
    internal override bool IsQuantized => true;

    private protected override long Int8ScratchBytes(int count) => 0;

    private protected override void MultiplyInt8(in MatMulJob job, int firstRow, int rows, byte* scratch)
    {
        var eight = stackalloc float[8];
        var row = 0;
        for (; row <= rows - 8; row += 8)
        {
            for (var item = 0; item < job.Count; item++)
            {
                MultiplyRows(RowAddress(firstRow + row), (nint)RowBytes, job.Input.QuantizedRow(job.InputRow(item)), job.OutputOf(item) + firstRow + row);
            }
        }

        // Rows that do not fill a vector of 8: each in all lanes, at stride 0.
        for (; row < rows; row++)
        {
            for (var item = 0; item < job.Count; item++)
            {
                MultiplyRows(RowAddress(firstRow + row), 0, job.Input.QuantizedRow(job.InputRow(item)), eight);
                job.OutputOf(item)[firstRow + row] = eight[0];
            }
        }
    }

    /// <summary>8 rows times one input row.</summary>
    private protected abstract void MultiplyRows(byte* weights, nint stride, QuantizedRow input, float* output);
}
