using Crescent.Kernels.Memory;

namespace Crescent.Kernels.Storage;

/// <summary>
/// Bytes of a file and where they go. Offset, target address and target length are multiples of the file's <see cref="DriveFile.BlockBytes"/>. The last
/// block may reach past the file's end: what the target then holds there is undefined (Linux writes zeros).
/// </summary>
/// <param name="Offset">Bytes from the file's start.</param>
/// <param name="Target">Must stay valid until the job has completed: see <see cref="ReadJob.Memory"/>.</param>
public readonly record struct ReadExtent(DriveFile File, long Offset, ByteRegion Target)
{
    /// <summary>Bytes the file has for the target.</summary>
    public long Bytes => Math.Min(Target.Length, File.Length - Offset);

    /// <exception cref="ArgumentException">Something is not aligned, or lies outside the file.</exception>
    internal unsafe void Check()
    {
        ArgumentNullException.ThrowIfNull(File);
        var block = File.BlockBytes;
        if (Offset % block != 0 || Target.Length % block != 0 || (nint)Target.Address % block != 0)
        {
            throw new ArgumentException(
                $"{File.Path}: offset {Offset}, target length {Target.Length} and target address {(nint)Target.Address:x} must be multiples of {block} bytes");
        }

        if (Offset < 0 || Target.Length == 0 || Offset >= File.Length || Target.Length > File.AlignUp(File.Length) - Offset)
        {
            throw new ArgumentException($"{File.Path}: bytes {Offset}..{Offset + Target.Length} are outside a file of {File.Length} bytes");
        }
    }
}
