using Crescent.Kernels;

namespace Crescent.Engine.Checkpoints.Records;

/// <summary>One of the three matrices in every record of a layer.</summary>
/// <param name="Codes">Offset in the record.</param>
/// <param name="Scales">Offset in the record; 0 where there are none.</param>
internal sealed record RecordMatrix(DType DType, int Rows, int Columns, long Codes, long Scales, long ScaleBytes)
{
    public long CodeBytes => Rows * DType.Layout().RowBytes(Columns);
}

/// <summary>A layer's records in a file.</summary>
/// <param name="Offset">Of the first record.</param>
/// <param name="Stride">Bytes from one record to the next.</param>
/// <param name="Matrices">Gate, up, down.</param>
internal sealed record RecordLayer(int Layer, int Experts, long Offset, long Stride, IReadOnlyList<RecordMatrix> Matrices)
{
    private static readonly string[] s_projections = ["gate", "up", "down"];

    public long Length => Experts * Stride;

    /// <summary>GGUF's names of the three stacks.</summary>
    public static IReadOnlyList<string> Names(int layer) => [.. s_projections.Select(projection => $"blk.{layer}.ffn_{projection}_exps.weight")];

    /// <summary>Lays three matrices out one after another.</summary>
    /// <param name="sizes">Type, rows, columns, bytes of scales; gate, up, down.</param>
    public static RecordLayer Of(int layer, int experts, IEnumerable<(DType DType, int Rows, int Columns, long ScaleBytes)> sizes)
    {
        var (matrices, end) = (new List<RecordMatrix>(), 0L);
        foreach (var (dtype, rows, columns, scaleBytes) in sizes)
        {
            var matrix = new RecordMatrix(dtype, rows, columns, end, 0, scaleBytes);
            end = RecordFormat.Align(end + matrix.CodeBytes, RecordFormat.PartAlignment);
            matrices.Add(scaleBytes == 0 ? matrix : matrix with { Scales = end });
            end = RecordFormat.Align(end + scaleBytes, RecordFormat.PartAlignment);
        }

        return new RecordLayer(layer, experts, 0, RecordFormat.Align(end, RecordFormat.PageBytes), matrices);
    }
}
