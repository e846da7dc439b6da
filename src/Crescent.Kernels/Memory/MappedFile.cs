using System.IO.MemoryMappedFiles;

namespace Crescent.Kernels.Memory;

/// <summary>A file mapped read-only into memory, never copied. The regions it hands out are valid until Dispose.</summary>
public sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;

    private MappedFile(string path, MemoryMappedFile? file, MemoryMappedViewAccessor? view, ByteRegion bytes)
    {
        Path = path;
        _file = file;
        _view = view;
        Bytes = bytes;
    }

    public string Path { get; }

    /// <summary>The file's bytes.</summary>
    public ByteRegion Bytes { get; }

    /// <exception cref="IOException">The file cannot be opened or mapped.</exception>
    public static MappedFile Open(string path)
    {
        var length = new FileInfo(path).Length;
        if (length == 0)
        {
            return new MappedFile(path, null, null, new ByteRegion(null, 0));
        }

        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        MemoryMappedFile? file = null;
        MemoryMappedViewAccessor? view = null;
        try
        {
            length = stream.Length;
            file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            view = file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            byte* address = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref address);
            return new MappedFile(path, file, view, new ByteRegion(address + view.PointerOffset, length));
        }
        catch
        {
            view?.Dispose();
            file?.Dispose();
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Asks the system to read the whole file ahead of its use.</summary>
    public void AdviseWillNeed() => PlatformMemory.AdviseWillNeed(Bytes.Address, Bytes.Length);

    public void Dispose()
    {
        if (_view is not null)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
        }

        _file?.Dispose();
    }
}
