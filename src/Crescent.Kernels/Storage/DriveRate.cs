namespace Crescent.Kernels.Storage;

/// <summary>How fast a drive answers so many reads of one size at once.</summary>
/// <param name="BlockBytes">Bytes of a read.</param>
/// <param name="Depth">Reads in flight.</param>
public readonly record struct DriveRate(int BlockBytes, int Depth, double BytesPerSecond);
