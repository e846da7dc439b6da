using Crescent.Kernels.Emitted;
using Crescent.Kernels.Memory;

namespace Crescent.Kernels.MatMul;

/// <summary>
/// Weights of any quantised format: how a panel's rows and a job's items are taken through the format's loops, or through emitted kernels.
/// </summary>
/// <param name="panels">Null where only the loops are there.</param>
internal abstract unsafe class QuantizedMatrix<TIsa>(in MatrixSource source, PanelRows? panels) : PanelMatrix<TIsa>(source)
    where TIsa : struct, IIsa
{
    private const long ForgetBytes = 16 << 20;

    private readonly PanelRows? _panels = panels;

    internal override bool IsQuantized => true;

    internal override long PanelBytes =>
        _panels is null || Rows % PanelFormat.Rows != 0 ? 0 : Rows / PanelFormat.Rows * _panels.Codec.Format.PanelBytes(Columns);

    internal override bool WritePanels(byte* target, bool forget, CancellationToken cancellation)
    {
        var codec = _panels!.Codec;
        var read = 0; // rows whose pages have been handed back
        for (var row = 0; row < Rows; row += PanelFormat.Rows, target += codec.Format.PanelBytes(Columns))
        {
            if (cancellation.IsCancellationRequested)
            {
                return false;
            }

            codec.Pack(RowsFrom(row, 1), Columns, target);
            if (forget && (row - read) * RowStride >= ForgetBytes)
            {
                PlatformMemory.ReleaseCached(RowAddress(read), (row - read) * RowStride);
                read = row;
            }
        }

        return true;
    }

    internal override void UsePanels(byte* panels) => _panels!.Packed.Address = panels;

    /// <summary>Panels of a view that begins at some row; null where it could not share them.</summary>
    private protected PanelRows? PanelsFrom(int firstRow) => _panels?.From(firstRow);

    private protected override int PanelHeight => _panels is null ? base.PanelHeight : PanelProduct.ItemRows;

    // From this many items on, unpacking the weights once pays.
    private const int PackedItems = 3;

    // Input rows that share one pass over the packed weights: their codes and the weights of 2,048 columns about fill the first-level cache.
    private const int TileItems = 8;

    private protected override long Int8ScratchBytes(int count) => Math.Max(
        IsPacked(count) ? PackedBytes : 0,
        _panels is null ? 0 : PanelProduct.ItemRows / PanelFormat.Rows * _panels.Codec.Format.PanelBytes(Columns));

    private protected override void MultiplyInt8(in MatMulJob job, int firstRow, int rows, byte* scratch)
    {
        if (_panels is not null && rows >= PanelFormat.Rows && (job.Count >= _panels.Codec.PackedItems || _panels.Packed.Address != null))
        {
            var done = rows / PanelFormat.Rows * PanelFormat.Rows;
            MultiplyPanels(job, firstRow, done / PanelFormat.Rows, scratch);
            (firstRow, rows) = (firstRow + done, rows - done);
        }

        if (!IsPacked(job.Count) && rows % 8 == 0)
        {
            MultiplyWhole(job, firstRow, rows);
            return;
        }

        for (var row = 0; row < rows; row += 8)
        {
            MultiplyEight(job, firstRow + row, Math.Min(8, rows - row), scratch);
        }
    }

    /// <summary>Bytes of a row's scales, where they lie apart from the codes.</summary>
    private protected virtual long ScaleRowBytes => 0;

    /// <summary>Bytes of 8 packed rows.</summary>
    private protected abstract long PackedBytes { get; }

    /// <summary>8 rows times one input row.</summary>
    private protected abstract void MultiplyRows(in WeightRows rows, QuantizedGroup* input, float* output);

    /// <summary>Unpacks 8 rows.</summary>
    private protected abstract void Pack(in WeightRows rows, byte* packed);

    /// <summary>8 packed rows times at most a tile of input rows: [count, 8].</summary>
    private protected abstract void MultiplyPacked(byte* packed, QuantizedGroup** inputs, int count, float* output);

    /// <summary>8 rows, or at step 0 one row 8 times.</summary>
    private WeightRows RowsFrom(int firstRow, int step)
    {
        var scaleStride = (nint)ScaleRowBytes * Source.Bytes.RowStep;
        return new WeightRows(RowAddress(firstRow), step * RowStride, Source.Scales + (firstRow * scaleStride), step * scaleStride);
    }

    private void MultiplyPanels(in MatMulJob job, int firstRow, int count, byte* scratch)
    {
        var panelBytes = _panels!.Codec.Format.PanelBytes(Columns);
        var panels = _panels.AddressOf(firstRow, panelBytes);
        if (panels == null)
        {
            panels = scratch;
            for (var panel = 0; panel < count; panel++)
            {
                _panels.Codec.Pack(RowsFrom(firstRow + (panel * PanelFormat.Rows), 1), Columns, panels + (panel * panelBytes));
            }
        }

        PanelProduct.Multiply(_panels.Codec, panels, count, job, firstRow);
    }

    private static bool IsPacked(int count) => TIsa.PacksBatches && count >= PackedItems;

    // Decoding's path: whole vectors of rows, sums straight to the output.
    private void MultiplyWhole(in MatMulJob job, int firstRow, int rows)
    {
        for (var item = 0; item < job.Count; item++)
        {
            var input = job.Input.QuantizedRow(job.InputRow(item));
            var output = job.OutputOf(item) + firstRow;
            for (var row = 0; row < rows; row += 8)
            {
                MultiplyRows(RowsFrom(firstRow + row, 1), input, output + row);
            }
        }
    }

    private void MultiplyEight(in MatMulJob job, int firstRow, int rows, byte* scratch)
    {
        if (rows < 8)
        {
            // Rows that do not fill a vector: each in all lanes, at stride 0.
            for (var row = firstRow; row < firstRow + rows; row++)
            {
                MultiplyItems(job, row, 0, 1, scratch);
            }
        }
        else
        {
            MultiplyItems(job, firstRow, 1, 8, scratch);
        }
    }

    private void MultiplyItems(in MatMulJob job, int firstRow, int step, int rows, byte* scratch)
    {
        var weights = RowsFrom(firstRow, step);
        var output = stackalloc float[8 * TileItems];
        if (!IsPacked(job.Count))
        {
            for (var item = 0; item < job.Count; item++)
            {
                MultiplyRows(weights, job.Input.QuantizedRow(job.InputRow(item)), output);
                Copy(output, job.OutputOf(item) + firstRow, rows);
            }

            return;
        }

        Pack(weights, scratch);
        var inputs = stackalloc QuantizedGroup*[TileItems];
        for (var item = 0; item < job.Count; item += TileItems)
        {
            var count = Math.Min(TileItems, job.Count - item);
            for (var i = 0; i < count; i++)
            {
                inputs[i] = job.Input.QuantizedRow(job.InputRow(item + i));
            }

            MultiplyPacked(scratch, inputs, count, output);
            for (var i = 0; i < count; i++)
            {
                Copy(output + (8 * i), job.OutputOf(item + i) + firstRow, rows);
            }
        }
    }
}

/// <summary>Where 8 rows of weights lie: each <see cref="Stride"/> bytes after the one before; their scales likewise, where they lie apart.</summary>
internal readonly unsafe struct WeightRows(byte* codes, nint stride, byte* scales, nint scaleStride)
{
    public readonly byte* Codes = codes;
    public readonly nint Stride = stride;
    public readonly byte* Scales = scales;
    public readonly nint ScaleStride = scaleStride;
}
