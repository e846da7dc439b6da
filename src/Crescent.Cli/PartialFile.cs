namespace Crescent.Cli;

/// <summary>
/// A file that appears under its name when it is complete: until then, and after a failure or an interruption, there is only (or no longer) a
/// <c>.partial</c> file. Devices are written as they are.
/// </summary>
internal sealed class PartialFile : IDisposable
{
    private readonly string _path;
    private readonly string _written; // the name while it is written
    private bool _complete;

    private PartialFile(string option, string path)
    {
        _path = path;
        _written = Path.GetFullPath(path).StartsWith("/dev/", StringComparison.Ordinal) ? path : path + ".partial";
        Stream = OutputFile.Create(option, _written);
    }

    public FileStream Stream { get; }

    /// <param name="bytes">What will be written; it must fit the drive.</param>
    /// <exception cref="CommandFailedException">The file cannot be written, or the drive has too little room.</exception>
    public static PartialFile Create(string option, string path, long bytes)
    {
        if (Directory.Exists(path))
        {
            throw new CommandFailedException($"{option}: expected a file to write, found a folder: {path}");
        }

        var file = new PartialFile(option, path);
        if (file._written != path && new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(path))!).AvailableFreeSpace is var free && free < bytes)
        {
            file.Dispose();
            throw new CommandFailedException($"{option}: {path}: needs {Sizes.Format(bytes)}, the drive has {Sizes.Format(free)} free");
        }

        return file;
    }

    /// <summary>Gives the file its name.</summary>
    public void Complete()
    {
        Stream.Dispose();
        if (_written != _path)
        {
            File.Move(_written, _path, overwrite: true);
        }

        _complete = true;
    }

    public void Dispose()
    {
        try
        {
            Stream.Dispose();
        }
        finally
        {
            if (!_complete && _written != _path)
            {
                File.Delete(_written);
            }
        }
    }
}
