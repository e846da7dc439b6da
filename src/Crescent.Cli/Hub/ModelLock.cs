using System.Globalization;

namespace Crescent.Cli.Hub;

/// <summary>
/// One process at a time changes a model. The lock is the system's on an open file, so that it ends with its owner, however that dies; who it is stands in
/// a file beside it.
/// </summary>
internal sealed class ModelLock : IDisposable
{
    private static readonly TimeSpan s_poll = TimeSpan.FromSeconds(1);

    private readonly FileStream _file;
    private readonly string _owner;

    private ModelLock(FileStream file, string owner) => (_file, _owner) = (file, owner);

    /// <summary>Waits for the lock; <paramref name="waiting"/> is told once who holds it.</summary>
    public static async Task<ModelLock> TakeAsync(ModelStore store, HubId id, TimeProvider time, Action<string> waiting, CancellationToken cancellation)
    {
        for (var told = false; ; told = true)
        {
            if (TryTake(store, id, out var owner) is { } taken)
            {
                return taken;
            }

            if (!told)
            {
                waiting(owner);
            }

            await Task.Delay(s_poll, time, cancellation);
        }
    }

    /// <summary>Null where another holds it.</summary>
    public static ModelLock? TryTake(ModelStore store, HubId id, out string owner)
    {
        var path = store.LockOf(id);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        FileStream file;
        try
        {
            file = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(path + ".lock"))
        {
            owner = OwnerOf(path + ".owner");
            return null;
        }

        owner = "";
        var held = new ModelLock(file, path + ".owner");
        File.WriteAllText(path + ".owner", Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        return held;
    }

    public void Dispose()
    {
        File.Delete(_owner);
        _file.Dispose();
    }

    private static string OwnerOf(string path)
    {
        try
        {
            return File.Exists(path) && int.TryParse(File.ReadAllText(path), NumberStyles.None, CultureInfo.InvariantCulture, out var process) ? $"process {process}" : "another process";
        }
        catch (IOException)
        {
            return "another process"; // it is just being written
        }
    }
}
