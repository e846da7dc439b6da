namespace Crescent.Engine.Checkpoints;

/// <summary>Bytes of a file that lie together and have a hash.</summary>
/// <param name="Offset">In the file, bytes.</param>
/// <param name="Length">Bytes that the hash is of.</param>
/// <param name="Hash">XxHash64.</param>
internal readonly record struct StoredRecord(long Offset, long Length, ulong Hash);
