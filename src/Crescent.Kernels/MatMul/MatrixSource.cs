namespace Crescent.Kernels.MatMul;

/// <summary>The bytes of a matrix as they were handed in, and the storages that may have moved them since.</summary>
/// <param name="CodeStorage">Null where the codes stay.</param>
/// <param name="ScaleStorage">Null where the scales stay, or there are none.</param>
internal readonly record struct MatrixSource(MatrixBytes Bytes, WeightStorage? CodeStorage = null, WeightStorage? ScaleStorage = null)
{
    public unsafe byte* Codes => Bytes.Codes.Address + (CodeStorage?.Shift ?? 0);

    public unsafe byte* Scales => Bytes.Scales.Address + (ScaleStorage?.Shift ?? 0);

    /// <summary>Some of the rows, for codes and scales that both lie row by row.</summary>
    /// <param name="rowBytes">Bytes of a row's codes.</param>
    /// <param name="scaleRowBytes">Bytes of a row's scales.</param>
    public MatrixSource RowRange(int firstRow, int rows, long rowBytes, long scaleRowBytes)
    {
        var first = (long)firstRow * Bytes.RowStep;
        var count = ((rows - 1L) * Bytes.RowStep) + 1;
        return this with
        {
            Bytes = Bytes with
            {
                Codes = Bytes.Codes.Slice(first * rowBytes, count * rowBytes),
                Scales = Bytes.Scales.Slice(first * scaleRowBytes, count * scaleRowBytes),
                Rows = rows,
            },
        };
    }
}
