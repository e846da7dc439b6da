using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>What all formats share: products in floats over decoded rows, and transposed products.</summary>
internal abstract unsafe class PanelMatrix<TIsa>(in MatrixSource source) : WeightMatrix(source)
    where TIsa : struct, IIsa
{
    /// <summary>Columns that are decoded at a time, whole blocks of every format: with a few input rows they fill the first-level cache.</summary>
    private protected const int TileColumns = 512;

    // Columns of a work item of a transposed product: whole blocks of every format.
    private const int TransposedColumns = 256;

    // Rows that a transposed product decodes at a time: 32 × 256 floats stay in the first-level cache.
    private const int TransposedRows = 32;

    // Bytes of lanes that stay in the second-level cache while a block of columns after the other adds to them.
    private const int LaneBytes = 1 << 18;

    internal override IsaLevel Isa => TIsa.Level;

    internal override long ScratchBytes(in MatMulJob job, ActivationType activations) =>
        job.Transposed ? TransposedRows * TransposedColumns * sizeof(float)
        : activations == ActivationType.Int8 && IsQuantized ? Int8ScratchBytes(job.Count)
        : sizeof(float) * ((FloatPanel.Rows * TileColumns) + ((long)Math.Min(job.Count, TileItems) * ItemLanes));

    internal override int Panels(bool transposed) =>
        transposed ? PanelCount(Columns, TransposedColumns) : PanelCount(Rows, PanelHeight);

    internal override void Multiply(in MatMulJob job, int panel, ActivationType activations, byte* scratch)
    {
        if (job.Transposed)
        {
            MultiplyTransposed(job, panel * TransposedColumns, Math.Min(TransposedColumns, Columns - (panel * TransposedColumns)), (float*)scratch);
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

    /// <summary>Rows of a work item: a multiple of <see cref="FloatPanel.Rows"/>.</summary>
    private protected virtual int PanelHeight => FloatPanel.Rows;

    /// <summary>Scratch for <see cref="MultiplyInt8"/>.</summary>
    private protected abstract long Int8ScratchBytes(int count);

    /// <summary>Rows firstRow..firstRow+rows, at most a panel, times the 8-bit input of all items.</summary>
    private protected abstract void MultiplyInt8(in MatMulJob job, int firstRow, int rows, byte* scratch);

    /// <summary>Columns that <see cref="AddProducts"/> takes at a time.</summary>
    private protected virtual int ProductColumns(int items) => TileColumns;

    /// <summary>Adds a block's products, decoding its weights to <paramref name="tile"/>: [16 rows, <see cref="TileColumns"/>].</summary>
    private protected virtual void AddProducts(in FloatBlock block, float** inputs, int items, float* lanes, float* tile)
    {
        DecodeTile(block, TileColumns, tile);
        FloatPanel.AddProducts<F32, TIsa>((byte*)tile, TileColumns * sizeof(float), null, block.Rows, block.Columns, inputs, items, lanes);
    }

    /// <summary>Adds a block's transposed products, decoding its weights to <paramref name="tile"/>, <see cref="TransposedRows"/> at a time.</summary>
    private protected virtual void AddTransposed(in FloatBlock block, float** inputs, float** sums, int items, float* tile)
    {
        for (var row = 0; row < block.Rows; row += TransposedRows)
        {
            var part = block with { FirstRow = block.FirstRow + row, Rows = Math.Min(TransposedRows, block.Rows - row) };
            DecodeTile(part, TransposedColumns, tile);
            FloatPanel.AddRows<F32, TIsa>((byte*)tile, TransposedColumns * sizeof(float), null, part.Rows, part.Columns, inputs, sums, items);
            for (var item = 0; item < items; item++)
            {
                inputs[item] += part.Rows;
            }
        }
    }

    /// <summary>Decodes a block's rows, <paramref name="stride"/> floats apart.</summary>
    private protected virtual void DecodeTile(in FloatBlock block, nint stride, float* tile)
    {
        for (var row = 0; row < block.Rows; row++)
        {
            Decode(block.FirstRow + row, block.FirstColumn, block.Columns, tile + (row * stride));
        }
    }

    private static int PanelCount(int length, int panel) => (int)((length + (panel - 1L)) / panel);

    // Floats of an item's lanes: [panel height, 16].
    private int ItemLanes => PanelHeight * FloatMatMul.Lanes;

    private int TileItems => LaneBytes / (ItemLanes * sizeof(float));

    // Rows firstRow..firstRow+rows, at most a panel, times the input of all items, over decoded weights.
    private void MultiplyFloat(in MatMulJob job, int firstRow, int rows, float* scratch)
    {
        for (var item = 0; item < job.Count; item += TileItems)
        {
            MultiplyItems(job, item, Math.Min(TileItems, job.Count - item), firstRow, rows, scratch);
        }
    }

    private void MultiplyItems(in MatMulJob job, int firstItem, int items, int firstRow, int rows, float* tile)
    {
        var lanes = tile + (FloatPanel.Rows * TileColumns); // [panel height / 16, items, 16 rows, 16]
        new Span<float>(lanes, items * ItemLanes).Clear();
        var inputs = stackalloc float*[items];
        var columns = ProductColumns(items);
        for (var column = 0; column < Columns; column += Math.Min(columns, Columns - column))
        {
            for (var i = 0; i < items; i++)
            {
                inputs[i] = job.Input.RowValues(job.InputRow(firstItem + i)) + column;
            }

            for (var row = 0; row < rows; row += FloatPanel.Rows)
            {
                var block = new FloatBlock(firstRow + row, Math.Min(FloatPanel.Rows, rows - row), column, Math.Min(columns, Columns - column));
                AddProducts(block, inputs, items, lanes + (row * items * FloatMatMul.Lanes), tile);
            }
        }

        for (var row = 0; row < rows; row += FloatPanel.Rows)
        {
            for (var i = 0; i < items; i++)
            {
                FloatPanel.Store(
                    lanes + (((row * items) + (i * FloatPanel.Rows)) * FloatMatMul.Lanes), Math.Min(FloatPanel.Rows, rows - row), job.OutputOf(firstItem + i) + firstRow + row);
            }
        }
    }

    private void MultiplyTransposed(in MatMulJob job, int firstColumn, int columns, float* tile)
    {
        const int Items = 64;
        var inputs = stackalloc float*[Items];
        var sums = stackalloc float*[Items];
        for (var item = 0; item < job.Count; item += Items)
        {
            var items = Math.Min(Items, job.Count - item);
            for (var i = 0; i < items; i++)
            {
                inputs[i] = job.Input.RowValues(job.InputRow(item + i));
                sums[i] = job.OutputOf(item + i) + firstColumn;
                new Span<float>(sums[i], columns).Clear();
            }

            AddTransposed(new FloatBlock(0, Rows, firstColumn, columns), inputs, sums, items, tile);
        }
    }

    private protected static void Copy(float* source, float* target, int count) =>
        new Span<float>(source, count).CopyTo(new Span<float>(target, count));
}
