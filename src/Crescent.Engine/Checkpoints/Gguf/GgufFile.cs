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
    public static GgufFile Open(string path) =>
        new(FileMapping.Open(path, "a GGUF file", "name the file, or the first of its shards"));

    /// <summary>The mapping, for reading ahead.</summary>
    public MappedFile Mapped => _mapped;

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _mapped.Dispose();
        }
    }
}
