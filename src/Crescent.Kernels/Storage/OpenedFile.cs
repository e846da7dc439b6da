using Microsoft.Win32.SafeHandles;

namespace Crescent.Kernels.Storage;

/// <summary>A file as the platform opened it.</summary>
/// <param name="BlockBytes">What offsets, lengths and addresses of reads are multiples of.</param>
/// <param name="BufferedReason">Why reads go through the system's cache; null where they do not.</param>
internal readonly record struct OpenedFile(SafeFileHandle Handle, int BlockBytes, string? BufferedReason);
