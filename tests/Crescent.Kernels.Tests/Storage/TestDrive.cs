using Crescent.Kernels.Storage;

namespace Crescent.Kernels.Tests.Storage;

/// <summary>A file of random bytes, and memory to read it into. The bytes come from File, the oracle of all tests here.</summary>
internal sealed class TestDrive : IDisposable
{
    private readonly List<string> _paths = [];
    private readonly List<IDisposable> _owned = [];

    public TestDrive(int bytes, string? folder = null)
    {
        Folder = folder ?? Path.GetTempPath();
        Content = new byte[bytes];
        new Random(bytes).NextBytes(Content);
        FilePath = Write(Content);
    }

    public string Folder { get; }

    public byte[] Content { get; }

    public string FilePath { get; }

    public string Write(byte[] content)
    {
        var path = Path.Combine(Folder, $"crescent-drive-{Guid.NewGuid():N}");
        File.WriteAllBytes(path, content);
        _paths.Add(path);
        return path;
    }

    public DriveFile Open(params string[] mirrors) => Own(DriveFile.Open(FilePath, mirrors));

    public T Own<T>(T item)
        where T : IDisposable
    {
        _owned.Add(item);
        return item;
    }

    /// <summary>A job for the blocks that hold the bytes, with memory of its own.</summary>
    public ReadJob Job(DriveFile file, long offset, long bytes, ReadPriority priority = ReadPriority.Demand)
    {
        var start = file.AlignDown(offset);
        var length = file.AlignUp(offset + bytes) - start;
        var memory = Own(new PinnedMemory(length));
        return new ReadJob([new ReadExtent(file, start, memory.Bytes.Slice(0, length))], priority) { Memory = memory, Number = offset };
    }

    /// <summary>Whether the job's targets hold the file's bytes.</summary>
    public bool Holds(ReadJob job)
    {
        foreach (var extent in job.Extents)
        {
            if (!extent.Target.Span(0, (int)extent.Bytes).SequenceEqual(Content.AsSpan((int)extent.Offset, (int)extent.Bytes)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Waits far longer than any read takes.</summary>
    public static ReadJob Wait(DriveReader reader)
    {
        var job = reader.WaitCompleted(TimeSpan.FromMinutes(1));
        Xunit.Assert.NotNull(job);
        return job;
    }

    public void Dispose()
    {
        _owned.Reverse();
        _owned.ForEach(item => item.Dispose());
        _paths.ForEach(File.Delete);
    }
}
