using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Records;
using Crescent.Kernels;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Conversion;

/// <summary>One of the three matrices of a layer's experts, as records hold it.</summary>
/// <param name="how">How the bytes come about, for the identity of the plan.</param>
internal abstract class ExpertMatrix(string name, DType? from, DType dtype, int experts, int rows, int columns, long scaleBytes, string how)
{
    public string Name { get; } = name;

    public string How { get; } = how;

    /// <summary>The published type.</summary>
    public DType? From { get; } = from;

    public DType DType { get; } = dtype;

    public int Experts { get; } = experts;

    public int Rows { get; } = rows;

    public int Columns { get; } = columns;

    public long ScaleBytes { get; } = scaleBytes;

    public abstract void WriteCodes(int expert, RowStream stream, TensorSink sink);

    public abstract void WriteScales(int expert, RowStream stream, TensorSink sink);
}

/// <summary>Experts in a type of GGUF, their rows made one by one.</summary>
internal sealed class CodedExperts(TargetTensor tensor)
    : ExpertMatrix(tensor.Name, tensor.Source?.DType, tensor.DType, (int)tensor.Shape[0], (int)tensor.Shape[1], (int)tensor.Shape[2], 0, tensor.How)
{
    private readonly Lazy<RowCoder> _coder = new(tensor.Open);

    public override void WriteCodes(int expert, RowStream stream, TensorSink sink) => stream.Write(_coder.Value, (long)expert * Rows, Rows, tensor.RowBytes, sink);

    public override void WriteScales(int expert, RowStream stream, TensorSink sink)
    {
    }
}

/// <summary>Experts as they were published, codes and scales byte for byte.</summary>
internal sealed class StoredExperts : ExpertMatrix
{
    private const int PieceBytes = 16 << 20;

    private readonly SourceTensor _source;
    private readonly StoredRows? _rows;

    private StoredExperts(SourceTensor source, long scaleBytes)
        : base(source.Tensor.Name, source.Tensor.DType, source.Tensor.DType, (int)source.Matrices, source.MatrixRows, source.Columns, scaleBytes, "as stored")
    {
        _source = source;
        _rows = DType is DType.F8_E4M3 or DType.INT8_KN ? null : new StoredRows(source);
    }

    /// <exception cref="CheckpointException">The tensor lies otherwise than one part an expert, where its type demands that.</exception>
    public static StoredExperts Of(SourceTensor source)
    {
        var (tensor, rows) = (source.Tensor, RecordFormat.ScaleBytes(source.Tensor.DType, source.MatrixRows, source.Columns));
        if (tensor.DType is not (DType.F8_E4M3 or DType.INT8_KN))
        {
            return new StoredExperts(source, rows);
        }

        // Neither codes nor scales are rows: a part is an expert.
        if (tensor.Parts.Count != source.Matrices || tensor.Parts.Any(part => part.RowStep != 1 || part.Scales.Length != tensor.Parts[0].Scales.Length))
        {
            throw new CheckpointException($"{tensor.File}: tensor '{tensor.Name}' at offset {tensor.Offset}: expected {source.Matrices} parts, an expert each, found {tensor.Parts.Count}");
        }

        return new StoredExperts(source, tensor.Parts[0].Scales.Length);
    }

    public override void WriteCodes(int expert, RowStream stream, TensorSink sink)
    {
        if (_rows is null)
        {
            Write(_source.Tensor.Parts[expert].Codes, sink);
            return;
        }

        var rowBytes = checked((int)DType.Layout().RowBytes(Columns));
        stream.Write(new CopyCoder(_rows, null, rowBytes), (long)expert * Rows, Rows, rowBytes, sink);
    }

    public override void WriteScales(int expert, RowStream stream, TensorSink sink)
    {
        if (_rows is null)
        {
            Write(_source.Tensor.Parts[expert].Scales, sink);
        }
        else if (SplitScales.RowBytes(DType, Columns) is > 0 and var rowBytes)
        {
            stream.Write(new ScaleCoder(_rows, rowBytes), (long)expert * Rows, Rows, rowBytes, sink);
        }
    }

    private static void Write(ByteRegion region, TensorSink sink)
    {
        for (long offset = 0; offset < region.Length; offset += PieceBytes)
        {
            sink(region.Span(offset, (int)Math.Min(PieceBytes, region.Length - offset)));
        }
    }
}
