using Crescent.Kernels.Memory;

namespace Crescent.Engine.Checkpoints.Gguf;

/// <summary>One mapped GGUF file. It owns the mapping; metadata values and tensors point into it until Dispose.</summary>
internal sealed class GgufFile : IDisposable
{
    private readonly MappedFile _mapped;
    private bool _disposed;

    private GgufFile(MappedFile mapped) => _mapped = mapped;

    public string Path => _mapped.Path;

    /// <summary>The file's bytes.</summary>
    /// <exception cref="ObjectDisposedException">The checkpoint was closed: its bytes are no longer mapped.</exception>
    public ByteRegion Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(GgufCheckpoint));
            return _mapped.Bytes;
        }
    }

    /// <exception cref="CheckpointException">There is no such file, or it cannot be read.</exception>
    public static GgufFile Open(string path)
    {
        if (Directory.Exists(path))
        {
            throw new CheckpointException($"{path}: expected a GGUF file, found a folder; name the file, or the first of its shards");
        }

        if (!File.Exists(path))
        {
            throw new CheckpointException($"{path}: no such file");
        }

        try
        {
            return new GgufFile(MappedFile.Open(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read: {exception.Message}", exception);
        }
    }

    public void WaitUntilPopulated() => _mapped.WaitUntilPopulated();

    public void PopulateInBackground() => _mapped.PopulateInBackground();

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _mapped.Dispose();
        }
    }
}
