using Crescent.Kernels.Memory;

namespace Crescent.Engine.Checkpoints.Safetensors;

/// <summary>A named tensor where it lies in a mapped safetensors file: values little-endian, row-major. Nothing is copied.</summary>
/// <param name="Name">The name as the file has it.</param>
/// <param name="Shape">Row-major, the contiguous axis last; empty for a scalar.</param>
/// <param name="File">The file, for messages.</param>
/// <param name="Offset">Offset of the first byte in that file. Files promise no alignment.</param>
public sealed record SafetensorsTensor(string Name, SafetensorsType Type, IReadOnlyList<long> Shape, ByteRegion Bytes, string File, long Offset)
{
    /// <summary>The type's name as the file has it, also where it is <see cref="SafetensorsType.Unknown"/>.</summary>
    public string TypeName { get; init; } = Type.Name();

    /// <summary>Number of values.</summary>
    public long Count => Shape.Aggregate(1L, (product, length) => product * length);
}
