using System.Diagnostics;
using Crescent.Kernels.Memory;

namespace Crescent.Kernels.MatMul;

/// <summary>A matrix cut along its columns. Rows are joined as floats, so products read the input as floats and sum in the order of a whole matrix of floats.</summary>
internal sealed unsafe class ColumnShards<TIsa> : PanelMatrix<TIsa>
    where TIsa : struct, IIsa
{
    private readonly WeightMatrix[] _parts;

    public ColumnShards(WeightMatrix[] parts)
        : base(new MatrixSource(new MatrixBytes(parts[0].DType, default, default, parts[0].Rows, parts.Sum(part => part.Columns))))
    {
        _parts = parts;
        ScaleBytes = parts.Sum(part => part.ScaleBytes);
    }

    internal override bool IsQuantized => false;

    internal override long ScaleBytes { get; }

    internal override void Decode(int row, int firstColumn, int columns, float* values)
    {
        var start = 0; // the part's first column
        foreach (var part in _parts)
        {
            var first = Math.Max(firstColumn, start);
            var end = Math.Min(firstColumn + columns, start + part.Columns);
            if (first < end)
            {
                part.Decode(row, first - start, end - first, values + (first - firstColumn));
            }

            start += part.Columns;
        }
    }

    public override void AddRegions(ICollection<ByteRegion> regions) => Array.ForEach(_parts, part => part.AddRegions(regions));

    public override WeightMatrix CopyAt(Func<ByteRegion, ByteRegion> place, IsaLevel isa) => ConcatColumns([.. _parts.Select(part => part.CopyAt(place, isa))]);

    private protected override WeightMatrix View(int firstRow, int rows) =>
        new ColumnShards<TIsa>([.. _parts.Select(part => part.RowRange(firstRow, rows))]);

    private protected override long Int8ScratchBytes(int count) => throw new UnreachableException();

    private protected override void MultiplyInt8(in MatMulJob job, int firstRow, int rows, byte* scratch) => throw new UnreachableException();
}
