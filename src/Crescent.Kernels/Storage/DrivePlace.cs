namespace Crescent.Kernels.Storage;

/// <summary>Bytes of a file that will be read.</summary>
public readonly record struct DrivePlace(DriveFile File, long Offset, long Length);
