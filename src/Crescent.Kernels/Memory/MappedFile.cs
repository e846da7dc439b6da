using System.IO.MemoryMappedFiles;

namespace Crescent.Kernels.Memory;

/// <summary>A file mapped read-only into memory, never copied. The regions it hands out are valid until Dispose.</summary>
public sealed unsafe class MappedFile : IDisposable
{
    private const long PopulateBytes = 64 << 20; // a step, short enough that Dispose need not wait long

    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private Thread? _populator;
    private volatile bool _disposing;

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

    /// <summary>Offset in the file of a region of <see cref="Bytes"/>; null for any other region.</summary>
    public long? OffsetOf(ByteRegion region)
    {
        var offset = region.Address - Bytes.Address;
        return Bytes.Length > 0 && offset >= 0 && offset + region.Length <= Bytes.Length ? offset : null;
    }

    /// <summary>Hands the file's pages in this process back to the system; whoever reads them again finds the file's bytes.</summary>
    public void ReleasePages() => PlatformMemory.Release(Bytes.Address, Bytes.Length);

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

    /// <summary>
    /// Reads the file ahead of its use on a background thread, so that no product waits for a page fault. Only sensible where the whole file fits in
    /// memory. Ends by itself, or with Dispose.
    /// </summary>
    public void PopulateInBackground()
    {
        if (_populator is not null || Bytes.Length == 0)
        {
            return;
        }

        _populator = new Thread(Populate) { IsBackground = true, Name = "crescent-populate" };
        _populator.Start();
    }

    /// <summary>Waits for <see cref="PopulateInBackground"/> to end, where it was asked for.</summary>
    public void WaitUntilPopulated() => _populator?.Join();

    public void Dispose()
    {
        if (_disposing)
        {
            return;
        }

        _disposing = true;
        _populator?.Join();
        if (_view is not null)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
        }

        _file?.Dispose();
    }

    private void Populate()
    {
        for (long offset = 0; offset < Bytes.Length && !_disposing; offset += PopulateBytes)
        {
            if (!PlatformMemory.Populate(Bytes.Address + offset, Math.Min(PopulateBytes, Bytes.Length - offset)))
            {
                return;
            }
        }
    }
}
