using Crescent.Kernels.MatMul;
using Crescent.Kernels.Storage;

namespace Crescent.Engine.Experts;

/// <summary>An expert on the drive: the model's own, or its copy in another type.</summary>
/// <param name="Gate">Mapped; never read through.</param>
/// <param name="Extents">Where its bytes lie.</param>
/// <param name="Files">Those of the checkpoint that holds it.</param>
internal sealed record StoredExpert(WeightMatrix Gate, WeightMatrix Up, WeightMatrix Down, ExpertExtents Extents, DriveFile[] Files)
{
    /// <summary>Bytes of its matrices.</summary>
    public long Bytes => Gate.StoredBytes + Up.StoredBytes + Down.StoredBytes;

    /// <summary>Whether the bytes of another one of the layer come to lie in a slot where those of this one do, and mean the same.</summary>
    public bool HasLayoutOf(StoredExpert other) => ReferenceEquals(Files, other.Files) && Extents.HasLayoutOf(other.Extents);
}
