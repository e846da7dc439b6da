using Crescent.Kernels;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Checkpoints;

/// <summary>A named tensor where it lies in a file: its type, shape and bytes. Nothing is copied.</summary>
/// <param name="Shape">Row-major, the contiguous axis last: a matrix is [rows, columns], stacked experts [experts, rows, columns].</param>
/// <param name="Bytes">The tensor's bytes in the mapped file.</param>
/// <param name="File">The file that holds it, for messages.</param>
/// <param name="Offset">Offset of the first byte in that file, for messages.</param>
public sealed record CheckpointTensor(string Name, DType DType, IReadOnlyList<long> Shape, ByteRegion Bytes, string File, long Offset)
{
    /// <summary>Number of values.</summary>
    public long Count => Shape.Aggregate(1L, (product, length) => product * length);
}
