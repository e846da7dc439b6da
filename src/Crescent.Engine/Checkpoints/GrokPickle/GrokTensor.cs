using Crescent.Kernels.Memory;

namespace Crescent.Engine.Checkpoints.GrokPickle;

/// <summary>A numpy array where it lies in a mapped pickle. Nothing is copied.</summary>
/// <param name="Shape">Row-major, the contiguous axis last.</param>
/// <param name="Offset">Offset of the first byte in the file: as it comes, without alignment.</param>
public sealed record GrokArray(GrokType Type, IReadOnlyList<long> Shape, ByteRegion Bytes, long Offset);

/// <summary>One file of the release: an array, or 8-bit weights with their scales.</summary>
/// <param name="File">The file's path.</param>
public sealed record GrokTensor(string File, GrokArray Weight, GrokArray? Scales);
