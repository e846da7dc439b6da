namespace Crescent.Kernels.Storage;

/// <summary>Bytes of a file that could not be read, after retries.</summary>
public sealed class DriveReadException : IOException
{
    public DriveReadException(string path, long offset, string what)
        : base($"{path}: {what} (at byte {offset})")
    {
        Path = path;
        Offset = offset;
    }

    /// <summary>The file, or the copy of it, that failed last.</summary>
    public string Path { get; }

    /// <summary>Where in the file the failed read began, in bytes.</summary>
    public long Offset { get; }
}
