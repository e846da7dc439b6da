using Crescent.Engine.Checkpoints;
using Crescent.Kernels;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Conversion;

/// <summary>The bytes of a tensor's rows where they lie in the files, for types whose rows are consecutive.</summary>
internal sealed class StoredRows
{
    private readonly CheckpointTensor _tensor;
    private readonly bool _joinsColumns;
    private readonly int _partRows;
    private readonly int _codeBytes;
    private readonly int _scaleBytes;

    public StoredRows(SourceTensor source)
    {
        _tensor = source.Tensor;
        var parts = _tensor.Parts.Count;
        _joinsColumns = _tensor.PartsPerMatrix > 1 && _tensor.PartAxis == PartAxis.Columns;
        _partRows = checked((int)(_joinsColumns ? source.MatrixRows : parts == 1 ? source.Rows : source.Rows / parts));
        _codeBytes = (int)_tensor.DType.Layout().RowBytes(source.Columns / (_joinsColumns ? _tensor.PartsPerMatrix : 1));
        _scaleBytes = SplitScales.RowBytes(_tensor.DType, source.Columns);
        RequireSizes();
    }

    /// <summary>Copies a row's codes.</summary>
    public void Copy(long row, Span<byte> target)
    {
        var (part, inside) = Math.DivRem(row, _partRows);
        if (!_joinsColumns)
        {
            Row(_tensor.Parts[(int)part], inside, target);
            return;
        }

        for (var i = 0; i < _tensor.PartsPerMatrix; i++)
        {
            Row(_tensor.Parts[(int)(part * _tensor.PartsPerMatrix) + i], inside, target.Slice(i * _codeBytes, _codeBytes));
        }
    }

    /// <summary>A row's codes.</summary>
    public ReadOnlySpan<byte> Codes(long row)
    {
        var (part, inside) = Math.DivRem(row, _partRows);
        return Slice(_tensor.Parts[(int)part].Codes, inside * _tensor.Parts[(int)part].RowStep, _codeBytes);
    }

    /// <summary>A row's scales.</summary>
    public ReadOnlySpan<byte> Scales(long row)
    {
        var (part, inside) = Math.DivRem(row, _partRows);
        return Slice(_tensor.Parts[(int)part].Scales, inside * _tensor.Parts[(int)part].RowStep, _scaleBytes);
    }

    private void Row(TensorPart part, long row, Span<byte> target) => Slice(part.Codes, row * part.RowStep, _codeBytes).CopyTo(target);

    private static Span<byte> Slice(ByteRegion region, long row, int bytes) => region.Span(row * bytes, bytes);

    // The readers have checked the whole; the parts are taken apart here.
    private void RequireSizes()
    {
        foreach (var part in _tensor.Parts)
        {
            var spanned = ((_partRows - 1L) * part.RowStep) + 1;
            if (part.Codes.Length < spanned * _codeBytes || part.Scales.Length < spanned * _scaleBytes)
            {
                throw new CheckpointException(
                    $"{part.File}: tensor '{_tensor.Name}' at offset {part.Offset}: expected {spanned * _codeBytes} bytes and {spanned * _scaleBytes} of scales, found {part.Codes.Length} and {part.Scales.Length}");
            }
        }
    }
}
