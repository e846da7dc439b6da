using Crescent.Kernels;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Checkpoints;

/// <summary>Consecutive bytes of a tensor in a file.</summary>
/// <param name="Codes">The values, in the mapped file.</param>
/// <param name="Scales">Their scales, for the types that keep them apart (<see cref="DTypes.HasSplitScales"/>); else empty.</param>
/// <param name="File">The file that holds the codes, for messages.</param>
/// <param name="Offset">Offset of the codes' first byte in that file, for messages.</param>
/// <param name="RowStep">Rows from one to the next: 2 where the file alternates the rows of two tensors. The codes then end with the last row.</param>
public sealed record TensorPart(ByteRegion Codes, ByteRegion Scales, string File, long Offset, int RowStep = 1)
{
    /// <summary>The bytes that move together with the codes: more than they where rows alternate with another tensor's.</summary>
    public ByteRegion CodesContainer { get; init; } = Codes;

    /// <inheritdoc cref="CodesContainer"/>
    public ByteRegion ScalesContainer { get; init; } = Scales;

    /// <summary>Whether the bytes are those of a mapped file, which may be moved; computed ones lie in memory of their own.</summary>
    public bool IsMapped { get; init; } = true;
}

/// <summary>Along which axis the parts of one matrix are joined.</summary>
public enum PartAxis
{
    Rows,
    Columns,
}

/// <summary>A named tensor where it lies in a checkpoint's files: its type, shape and bytes. Nothing is copied.</summary>
/// <param name="Name">The name as GGUF has it, whatever the format of the checkpoint.</param>
/// <param name="Shape">Row-major, the contiguous axis last: a matrix is [rows, columns], stacked experts [experts, rows, columns].</param>
/// <param name="Parts">
/// One part that holds everything, or equal parts in order: one for each matrix of a stack, or <see cref="PartsPerMatrix"/> for each.
/// </param>
public sealed record CheckpointTensor(string Name, DType DType, IReadOnlyList<long> Shape, IReadOnlyList<TensorPart> Parts)
{
    public CheckpointTensor(string name, DType dtype, IReadOnlyList<long> shape, ByteRegion bytes, string file, long offset)
        : this(name, dtype, shape, [new TensorPart(bytes, default, file, offset)])
    {
    }

    /// <summary>Parts that a matrix is cut into (tensor-parallel shards); 1 for whole matrices.</summary>
    public int PartsPerMatrix { get; init; } = 1;

    /// <summary>How the parts of one matrix are joined.</summary>
    public PartAxis PartAxis { get; init; } = PartAxis.Rows;

    /// <summary>Number of values.</summary>
    public long Count => Shape.Aggregate(1L, (product, length) => product * length);

    /// <summary>The bytes of a tensor in one part without scales of its own.</summary>
    /// <exception cref="InvalidOperationException">The tensor is in several parts.</exception>
    public ByteRegion Bytes => Parts is [{ RowStep: 1 } part]
        ? part.Codes
        : throw new InvalidOperationException($"tensor '{Name}' lies in {Parts.Count} parts");

    /// <summary>Bytes of all parts with their scales, of this tensor's rows alone.</summary>
    public long StoredBytes => Parts.Sum(part => (part.Codes.Length / part.RowStep) + (part.Scales.Length / part.RowStep));

    /// <summary>The file of the first part.</summary>
    public string File => Parts[0].File;

    /// <summary>Offset of the first part in its file.</summary>
    public long Offset => Parts[0].Offset;
}
