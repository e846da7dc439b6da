namespace Crescent.Engine.Checkpoints;

/// <summary>
/// Files that appear under their names together, when all are complete: until then, and after a failure, there are only (or no longer)
/// <c>.partial</c> files.
/// </summary>
internal static class PartialFiles
{
    public static long FreeBytes(string folder) => new DriveInfo(folder).AvailableFreeSpace;

    /// <param name="path">What the caller asked for, for messages.</param>
    /// <param name="bytes">Bytes of all files together.</param>
    /// <param name="write">Writes the file of an index.</param>
    /// <exception cref="IOException">The drive has too little room, or a file cannot be written; nothing is left behind.</exception>
    public static void Write(string path, IReadOnlyList<string> paths, long bytes, Func<string, long> freeBytes, Action<FileStream, int> write)
    {
        RequireRoom(path, bytes, freeBytes);
        var partial = paths.Select(name => name + ".partial").ToArray();
        try
        {
            for (var i = 0; i < partial.Length; i++)
            {
                using var file = new FileStream(partial[i], FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
                write(file, i);
            }

            for (var i = 0; i < partial.Length; i++)
            {
                File.Move(partial[i], paths[i], overwrite: true);
            }
        }
        finally
        {
            // After success they are gone already.
            Array.ForEach(partial, File.Delete);
        }
    }

    /// <exception cref="IOException">There is no folder for the path, it names a device, or its drive has too little room.</exception>
    public static void RequireRoom(string path, long needed, Func<string, long> freeBytes)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"{path}: no folder {folder} to write to");
        }

        if (folder.StartsWith("/dev", StringComparison.Ordinal) && (folder.Length == 4 || folder[4] == '/') && !folder.StartsWith("/dev/shm", StringComparison.Ordinal))
        {
            // A finished file takes the place of what has its name: as root, of the device.
            throw new IOException($"{path}: expected the name of a file to write, found a place for devices");
        }

        var available = freeBytes(folder);
        if (available < needed)
        {
            throw new IOException($"{path}: needs {needed} bytes, the drive of {folder} has {available} free; free {needed - available} bytes or choose another drive");
        }
    }
}
