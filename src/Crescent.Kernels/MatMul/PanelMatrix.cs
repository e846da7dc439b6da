namespace Crescent.Kernels.MatMul;

/// <summary>What all formats share: products in floats over decoded rows, and transposed products.</summary>
internal abstract unsafe class PanelMatrix<TIsa>(in MatrixSource source) : WeightMatrix(source)
    where TIsa : struct, IIsa
{
    private const int PanelRows = 16;

    /// <summary>Columns of a work item of a transposed product: whole blocks of every format.</summary>
    private const int PanelColumns = 256;

    // Rows that a transposed product decodes at a time: 32 × 256 floats stay in the first-level cache.
    private const int TransposedRows = 32;

    internal override IsaLevel Isa => TIsa.Level;

    internal override long ScratchBytes(in MatMulJob job, ActivationType activations) =>
        job.Transposed ? ((TransposedRows + 1) * PanelColumns) * sizeof(float)
        : activations == ActivationType.Int8 && IsQuantized ? Int8ScratchBytes(job.Count)
        : FloatScratchBytes(job.Count);

    internal override int Panels(bool transposed) =>
        transposed ? PanelCount(Columns, PanelColumns) : PanelCount(Rows, PanelHeight);

    internal override void Multiply(in MatMulJob job, int panel, ActivationType activations, byte* scratch)
    {
        if (job.Transposed)
        {
            MultiplyTransposed(job, panel * PanelColumns, Math.Min(PanelColumns, Columns - (panel * PanelColumns)), (float*)scratch);
            return;
        }

        var firstRow = panel * PanelHeight;
        var rows = Math.Min(PanelHeight, Rows - firstRow);
        if (activations == ActivationType.Int8 && IsQuantized)
        {
            MultiplyInt8(job, firstRow, rows, scratch);
        }
        else
        {
            MultiplyFloat(job, firstRow, rows, (float*)scratch);
        }
    }

    private protected override WeightMatrix JoinRows(WeightMatrix[] parts) => new RowShards<TIsa>(parts);

    private protected override WeightMatrix JoinColumns(WeightMatrix[] parts) => new ColumnShards<TIsa>(parts);

    /// <summary>Rows of a work item.</summary>
    private protected virtual int PanelHeight => PanelRows;

    /// <summary>Scratch for <see cref="MultiplyInt8"/>.</summary>
    private protected abstract long Int8ScratchBytes(int count);

    /// <summary>Rows firstRow..firstRow+rows, at most a panel, times the 8-bit input of all items.</summary>
    private protected abstract void MultiplyInt8(in MatMulJob job, int firstRow, int rows, byte* scratch);

    /// <summary>Scratch for <see cref="MultiplyFloat"/>.</summary>
    private protected virtual long FloatScratchBytes(int count) => 4 * FloatStride * sizeof(float);

    /// <summary>A row as floats: in place, or decoded to <paramref name="scratch"/>.</summary>
    private protected virtual float* FloatRow(int row, float* scratch)
    {
        Decode(row, 0, Columns, scratch);
        return scratch;
    }

    /// <summary>Where the floats of a row range begin, and how far apart rows are; decoded to <paramref name="scratch"/> unless they are floats.</summary>
    private protected virtual float* FloatTile(int firstRow, int rows, int firstColumn, int columns, float* scratch, out nint stride)
    {
        stride = PanelColumns;
        for (var row = 0; row < rows; row++)
        {
            Decode(firstRow + row, firstColumn, columns, scratch + (row * stride));
        }

        return scratch;
    }

    private nint FloatStride => ((nint)Columns + 15) & ~15;

    /// <summary>As <see cref="MultiplyInt8"/>, over decoded weights.</summary>
    private protected virtual void MultiplyFloat(in MatMulJob job, int firstRow, int rows, float* scratch)
    {
        var four = stackalloc float[4];
        var next = stackalloc float[4];
        for (var row = 0; row < rows; row += 4)
        {
            var last = Math.Min(4, rows - row) - 1;
            var w0 = FloatRow(firstRow + row, scratch);
            var w1 = last < 1 ? w0 : FloatRow(firstRow + row + 1, scratch + FloatStride);
            var w2 = last < 2 ? w1 : FloatRow(firstRow + row + 2, scratch + (2 * FloatStride));
            var w3 = last < 3 ? w2 : FloatRow(firstRow + row + 3, scratch + (3 * FloatStride));
            var item = 0;
            for (; item < job.Count - 1; item += 2)
            {
                var x0 = job.Input.RowValues(job.InputRow(item));
                var x1 = job.Input.RowValues(job.InputRow(item + 1));
                FloatMatMul.MultiplyTwo<TIsa>(w0, w1, x0, x1, Columns, four, next);
                FloatMatMul.MultiplyTwo<TIsa>(w2, w3, x0, x1, Columns, four + 2, next + 2);
                Copy(four, job.OutputOf(item) + firstRow + row, last + 1);
                Copy(next, job.OutputOf(item + 1) + firstRow + row, last + 1);
            }

            if (item < job.Count)
            {
                FloatMatMul.MultiplyFour<TIsa>(w0, w1, w2, w3, job.Input.RowValues(job.InputRow(item)), Columns, four);
                Copy(four, job.OutputOf(item) + firstRow + row, last + 1);
            }
        }
    }

    private static int PanelCount(int length, int panel) => (int)((length + (panel - 1L)) / panel);

    private void MultiplyTransposed(in MatMulJob job, int firstColumn, int columns, float* scratch)
    {
        // The last columns of a panel that is not whole vectors are computed in a copy, so that nothing is written past the output.
        var whole = columns & ~7;
        var tail = scratch + (TransposedRows * PanelColumns);
        for (var firstRow = 0; firstRow < Rows; firstRow += TransposedRows)
        {
            var rows = Math.Min(TransposedRows, Rows - firstRow);
            var tile = FloatTile(firstRow, rows, firstColumn, columns, scratch, out var stride);
            for (var item = 0; item < job.Count; item++)
            {
                var sums = job.OutputOf(item) + firstColumn;
                if (firstRow == 0)
                {
                    new Span<float>(sums, columns).Clear();
                }

                var input = job.Input.RowValues(job.InputRow(item)) + firstRow;
                FloatMatMul.AccumulateRows<TIsa>(tile, stride, rows, input, sums, whole);
                if (whole < columns)
                {
                    MultiplyTail(tile + whole, stride, rows, input, sums + whole, columns - whole, tail);
                }
            }
        }
    }

    private static void MultiplyTail(float* tile, nint stride, int rows, float* input, float* sums, int columns, float* scratch)
    {
        var eight = scratch + 8;
        Copy(sums, eight, columns);
        for (var row = 0; row < rows; row++)
        {
            Copy(tile + (row * stride), scratch, columns);
            FloatMatMul.AccumulateRows<TIsa>(scratch, 8, 1, input + row, eight, 8);
        }

        Copy(eight, sums, columns);
    }

    private protected static void Copy(float* source, float* target, int count) =>
        new Span<float>(source, count).CopyTo(new Span<float>(target, count));
}
