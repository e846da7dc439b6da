namespace Crescent.Engine.KvCache.Snapshots;

/// <summary>The files of a folder of snapshots. Prompts are private: folders and files are their owner's alone.</summary>
internal static class SnapshotFolder
{
    private const string PartialExtension = ".partial";
    private const string LockName = "lock";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(20);

    public static void Create(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Whole snapshots of one model; none where there is no folder.</summary>
    public static IReadOnlyList<string> Snapshots(string folder) => Files(folder, PrefixSnapshotFormat.Extension, recurse: false);

    /// <summary>The lock of all who write or remove; null where another process holds it for longer than <paramref name="wait"/>. A process that ends lets go.</summary>
    public static IDisposable? TryLock(string folder, TimeSpan wait)
    {
        var until = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return Open(Path.Combine(folder, LockName), FileMode.OpenOrCreate, 0);
            }
            catch (IOException) when (File.Exists(Path.Combine(folder, LockName)) && TimeProvider.System.GetElapsedTime(until) < wait)
            {
                Thread.Sleep(s_retry);
            }
            catch (IOException) when (File.Exists(Path.Combine(folder, LockName)))
            {
                return null;
            }
        }
    }

    /// <summary>Removes what writers that died have left, unless somebody writes now.</summary>
    public static void RemoveLeftovers(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        try
        {
            using var held = TryLock(folder, TimeSpan.Zero);
            if (held is not null)
            {
                Array.ForEach(Files(folder, PartialExtension, recurse: true), TryDelete);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A folder that cannot be written holds nothing of ours to remove.
        }
    }

    /// <summary>Writes a file that appears under its name when it is complete and on the drive. The caller holds the lock.</summary>
    /// <param name="bytes">Room to ask the drive for before anything is written.</param>
    public static void WriteWhole(string path, long bytes, Action<FileStream> write)
    {
        var partial = path + PartialExtension;
        try
        {
            using (var file = Open(partial, FileMode.Create, bytes))
            {
                write(file);
            }

            File.Move(partial, path, overwrite: true);
        }
        finally
        {
            TryDelete(partial); // after success it is gone already
        }
    }

    /// <summary>Removes the least recently used snapshots of all models until the rest fits; never <paramref name="kept"/>. The caller holds the lock.</summary>
    public static void Trim(string folder, long maxBytes, string kept)
    {
        var files = Files(folder, PrefixSnapshotFormat.Extension, recurse: true).Select(path => new FileInfo(path)).Where(file => file.Exists).ToArray();
        var total = files.Sum(file => file.Length);
        foreach (var file in files.Where(file => file.FullName != Path.GetFullPath(kept)).OrderBy(file => file.LastWriteTimeUtc).TakeWhile(_ => total > maxBytes))
        {
            TryDelete(file.FullName);
            total -= file.Length;
        }
    }

    public static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Not ours, or in use: it is checked again by whoever reads it.
        }
    }

    private static string[] Files(string folder, string extension, bool recurse)
    {
        try
        {
            return Directory.Exists(folder)
                ? Directory.GetFiles(folder, "*" + extension, new EnumerationOptions { RecurseSubdirectories = recurse, MaxRecursionDepth = 1, AttributesToSkip = FileAttributes.ReparsePoint })
                : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static FileStream Open(string path, FileMode mode, long bytes)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0, PreallocationSize = bytes };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        return new FileStream(path, options);
    }
}
