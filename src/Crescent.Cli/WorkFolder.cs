namespace Crescent.Cli;

/// <summary>A folder for what a command writes and needs no longer: deleted by Dispose, and when the process is asked to end.</summary>
internal sealed class WorkFolder : IDisposable
{
    private readonly object _gate = new();

    /// <param name="option">For messages.</param>
    /// <param name="parent">Folder to make it in; null for the system's.</param>
    /// <exception cref="CommandFailedException">It cannot be made.</exception>
    public WorkFolder(string option, string? parent)
    {
        Parent = Path.GetFullPath(parent ?? Path.GetTempPath());
        Folder = Path.Combine(Parent, $"crescent-{Guid.NewGuid():N}");
        if (!Directory.Exists(Parent))
        {
            throw new CommandFailedException($"{option}: expected a folder, found none at '{Parent}'");
        }

        try
        {
            Directory.CreateDirectory(Folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"{option}: cannot write to '{Parent}': {exception.Message}");
        }

        AppDomain.CurrentDomain.ProcessExit += OnExit;
    }

    public string Parent { get; }

    public string Folder { get; }

    /// <summary>Bytes that its drive has room for.</summary>
    public long FreeBytes => new DriveInfo(Folder).AvailableFreeSpace;

    public string this[string name] => Path.Combine(Folder, name);

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        Delete();
    }

    private void OnExit(object? sender, EventArgs arguments) => Delete();

    private void Delete()
    {
        lock (_gate)
        {
            try
            {
                Directory.Delete(Folder, recursive: true);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Gone already, or not ours any more.
            }
        }
    }
}
