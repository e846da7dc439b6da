using Crescent.Engine.Checkpoints;
using Crescent.Kernels;

namespace Crescent.Engine.Conversion;

/// <summary>A tensor that a conversion writes.</summary>
/// <param name="Shape">Row-major.</param>
/// <param name="Source">The published tensor, or null for one that is computed.</param>
/// <param name="How">How its bytes come about, for the identity of the plan.</param>
/// <param name="Open">Opens its source.</param>
internal sealed record TargetTensor(string Name, DType DType, IReadOnlyList<long> Shape, CheckpointTensor? Source, string How, Func<RowCoder> Open)
{
    public int RowBytes => checked((int)DType.Layout().RowBytes(Shape[^1]));

    public long Rows => Shape.SkipLast(1).Aggregate(1L, (product, length) => product * length);

    public long Bytes => Rows * RowBytes;

    public void Write(RowStream stream, TensorSink sink) => stream.Write(Open(), Rows, RowBytes, sink);
}
