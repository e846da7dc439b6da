using System.Diagnostics;

namespace Crescent.Nano;

/// <summary>
/// Packed files as a folder on disk: written once into the user's cache, whole or not at all, and found there by later processes. Every file gets the same old time when it is written, so that one that was changed,
/// cut off or replaced since is told by its length or time, without reading it. Where the cache cannot be written, the folder is a temporary one of this process.
/// </summary>
/// <param name="cache">Folder of the unpacked models; null for none.</param>
/// <param name="hash">Names the content.</param>
/// <param name="name">The folder's name: what the model is called.</param>
internal sealed class UnpackedFolder(string? cache, string hash, string name, IReadOnlyList<PackedFile> files)
{
    private static readonly DateTime s_time = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15); // for another process that unpacks, which takes it less than one
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(10);

    private readonly object _gate = new();
    private string? _temporary;

    /// <summary>The folder with all files as they were packed.</summary>
    /// <exception cref="IOException">They can be written nowhere.</exception>
    public string Find()
    {
        lock (_gate)
        {
            return FindInCache() ?? FindTemporary();
        }
    }

    // Null where the cache cannot be used.
    private string? FindInCache()
    {
        if (cache is null)
        {
            return null;
        }

        var place = Path.Combine(cache, hash);
        try
        {
            if (!IsWhole(place))
            {
                Directory.CreateDirectory(cache);
                using var held = Lock(place);
                Replace(place);
            }

            return Path.Combine(place, name);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or TimeoutException)
        {
            return null;
        }
    }

    private bool IsWhole(string place)
    {
        var folder = Path.Combine(place, name);
        return files.All(file => new FileInfo(Path.Combine(folder, file.Name)) is { Exists: true } found && found.Length == file.Bytes && found.LastWriteTimeUtc == s_time)
            && Directory.EnumerateFileSystemEntries(folder).Count() == files.Count;
    }

    // The system's lock on an open file: it ends with its owner, however that dies.
    private static FileStream Lock(string place)
    {
        var path = place + ".lock";
        for (var clock = Stopwatch.StartNew(); ; Thread.Sleep(s_poll))
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                if (clock.Elapsed > s_patience)
                {
                    throw new TimeoutException();
                }
            }
        }
    }

    // Only whoever holds the lock writes, so whatever else of this content lies half-written is left over from a process that died.
    private void Replace(string place)
    {
        if (IsWhole(place))
        {
            return; // by another process, meanwhile
        }

        var (fresh, old) = ($"{place}-new", $"{place}-old");
        Delete(fresh);
        Delete(old);
        try
        {
            Write(Path.Combine(fresh, name));
            if (Directory.Exists(place))
            {
                Directory.Move(place, old);
            }

            Directory.Move(fresh, place);
        }
        finally
        {
            Delete(fresh);
            Delete(old);
        }
    }

    private string FindTemporary()
    {
        if (_temporary is { } known && IsWhole(known))
        {
            return Path.Combine(known, name);
        }

        try
        {
            var folder = Directory.CreateTempSubdirectory("crescent-").FullName;
            AppDomain.CurrentDomain.ProcessExit += (_, _) => Delete(folder);
            Write(Path.Combine(folder, name));
            _temporary = folder;
            return Path.Combine(folder, name);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"the built-in model cannot be unpacked, neither to {cache ?? "a cache folder, of which there is none,"} nor to the folder of temporary files: {exception.Message}", exception);
        }
    }

    private void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var file in files)
        {
            var path = Path.Combine(folder, file.Name);
            using (var input = file.Open())
            using (var output = new FileStream(path, FileMode.CreateNew, FileAccess.Write))
            {
                input.CopyTo(output);
            }

            File.SetLastWriteTimeUtc(path, s_time);
        }
    }

    private static void Delete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Gone already, or in use: the next process that unpacks tries again.
        }
    }
}
