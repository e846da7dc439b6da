using System.Collections.ObjectModel;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Checkpoints.Safetensors;

/// <summary>One mapped safetensors file, its header checked. It owns the mapping; tensors point into it until Dispose.</summary>
public sealed class SafetensorsFile : IDisposable
{
    private readonly MappedFile _mapped;
    private bool _disposed;

    private SafetensorsFile(MappedFile mapped)
    {
        _mapped = mapped;
        var header = SafetensorsHeader.Read(mapped.Path, mapped.Bytes);
        Tensors = header.Tensors.AsReadOnly();
        Metadata = new ReadOnlyDictionary<string, string>(header.Metadata);
    }

    public string Path => _mapped.Path;

    /// <summary>The file's bytes.</summary>
    /// <exception cref="ObjectDisposedException">The file was closed: its bytes are no longer mapped.</exception>
    public ByteRegion Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _mapped.Bytes;
        }
    }

    /// <summary>The tensors in the order of the header.</summary>
    public IReadOnlyList<SafetensorsTensor> Tensors { get; }

    /// <summary>The header's <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    internal MappedFile Mapped => _mapped;

    /// <exception cref="CheckpointException">The file is missing, damaged, or not a safetensors file.</exception>
    public static SafetensorsFile Open(string path)
    {
        var mapped = FileMapping.Open(path, "a safetensors file", "open it as a folder of them");
        try
        {
            return new SafetensorsFile(mapped);
        }
        catch
        {
            mapped.Dispose();
            throw;
        }
    }

    /// <summary>Reads the file ahead in the background. Only sensible where it fits in memory.</summary>
    public void PopulateInBackground() => _mapped.PopulateInBackground();

    /// <summary>Waits for <see cref="PopulateInBackground"/> to end, where it was asked for.</summary>
    public void WaitUntilPopulated() => _mapped.WaitUntilPopulated();

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _mapped.Dispose();
        }
    }
}
