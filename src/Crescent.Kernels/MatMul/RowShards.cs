using System.Diagnostics;
using Crescent.Kernels.Memory;

namespace Crescent.Kernels.MatMul;

/// <summary>A matrix cut along its rows. Every panel runs in its own part, so the products are those of the whole matrix, bit for bit.</summary>
internal sealed unsafe class RowShards<TIsa> : PanelMatrix<TIsa>
    where TIsa : struct, IIsa
{
    private readonly WeightMatrix[] _parts;
    private readonly int[] _firstRows; // [parts + 1]
    private readonly int[] _firstPanels; // [parts + 1]

    public RowShards(WeightMatrix[] parts)
        : base(new MatrixSource(new MatrixBytes(parts[0].DType, default, default, parts.Sum(part => part.Rows), parts[0].Columns)))
    {
        _parts = parts;
        _firstRows = new int[parts.Length + 1];
        _firstPanels = new int[parts.Length + 1];
        for (var i = 0; i < parts.Length; i++)
        {
            _firstRows[i + 1] = _firstRows[i] + parts[i].Rows;
            _firstPanels[i + 1] = _firstPanels[i] + parts[i].Panels(transposed: false);
            ScaleBytes += parts[i].ScaleBytes;
        }
    }

    internal override bool IsQuantized => Array.Exists(_parts, part => part.IsQuantized);

    internal override long ScaleBytes { get; }

    internal override int Panels(bool transposed) => transposed ? base.Panels(transposed) : _firstPanels[^1];

    internal override long ScratchBytes(in MatMulJob job, ActivationType activations)
    {
        if (job.Transposed)
        {
            return base.ScratchBytes(job, activations);
        }

        var bytes = 0L;
        foreach (var part in _parts)
        {
            bytes = Math.Max(bytes, part.ScratchBytes(job, activations));
        }

        return bytes;
    }

    internal override void Multiply(in MatMulJob job, int panel, ActivationType activations, byte* scratch)
    {
        if (job.Transposed)
        {
            base.Multiply(job, panel, activations, scratch);
            return;
        }

        var index = PartOf(_firstPanels, panel);
        var part = _parts[index];
        var shifted = job with { Weights = part, OutputStart = job.OutputStart + _firstRows[index] };
        part.Multiply(shifted, panel - _firstPanels[index], activations, scratch);
    }

    internal override void Decode(int row, int firstColumn, int columns, float* values)
    {
        var index = PartOf(_firstRows, row);
        _parts[index].Decode(row - _firstRows[index], firstColumn, columns, values);
    }

    public override void AddRegions(ICollection<ByteRegion> regions) => Array.ForEach(_parts, part => part.AddRegions(regions));

    public override WeightMatrix CopyAt(Func<ByteRegion, ByteRegion> place, IsaLevel isa) => ConcatRows([.. _parts.Select(part => part.CopyAt(place, isa))]);

    private protected override WeightMatrix View(int firstRow, int rows)
    {
        var views = new List<WeightMatrix>();
        for (var (index, row) = (PartOf(_firstRows, firstRow), firstRow); row < firstRow + rows; row = _firstRows[++index])
        {
            var end = Math.Min(firstRow + rows, _firstRows[index + 1]);
            views.Add(_parts[index].RowRange(row - _firstRows[index], end - row));
        }

        return ConcatRows(views);
    }

    private protected override long Int8ScratchBytes(int count) => throw new UnreachableException();

    private protected override void MultiplyInt8(in MatMulJob job, int firstRow, int rows, byte* scratch) => throw new UnreachableException();

    // The last part that begins at or before a row or panel.
    private static int PartOf(int[] starts, int position)
    {
        var index = 0;
        while (starts[index + 1] <= position)
        {
            index++;
        }

        return index;
    }
}
