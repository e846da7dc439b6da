namespace Crescent.Kernels.Storage;

/// <summary>
/// A file opened for reads that go past the system's cache, with copies of it on other drives where there are some. Where a file system refuses such reads
/// they go through the cache, and <see cref="BufferedReason"/> says why. Owns its handles; reads in flight keep theirs until they end.
/// </summary>
public sealed class DriveFile : IDisposable
{
    private readonly DriveCopy[] _copies; // the file, then its mirrors

    private DriveFile(DriveCopy[] copies)
    {
        _copies = copies;
        BlockBytes = copies.Max(copy => copy.BlockBytes);
        BufferedReason = copies.FirstOrDefault(copy => copy.BufferedReason is not null)?.BufferedReason;
    }

    public string Path => _copies[0].Path;

    /// <summary>Bytes when it was opened.</summary>
    public long Length => _copies[0].Length;

    /// <summary>What offsets, lengths and addresses of reads must be multiples of, in bytes: a power of two, at least 4096; 65536 on Windows.</summary>
    public int BlockBytes { get; }

    /// <summary>Whether reads of every copy go past the system's cache.</summary>
    public bool IsUnbuffered => BufferedReason is null;

    /// <summary>Why some reads go through the system's cache; null where none does.</summary>
    public string? BufferedReason { get; }

    /// <summary>The file systems that the copies lie on: Linux's device numbers, elsewhere the root of the path.</summary>
    public IEnumerable<string> Devices => _copies.Select(copy => copy.Device);

    /// <summary>Copies of the file, itself included.</summary>
    public int CopyCount => _copies.Length;

    /// <param name="mirrors">Other copies of the same bytes, best on other drives: reads are spread over all by their speed and their queues.</param>
    /// <exception cref="IOException">A file cannot be opened, or a mirror has another length.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read, or is a folder.</exception>
    public static DriveFile Open(string path, IReadOnlyList<string>? mirrors = null)
    {
        var copies = new List<DriveCopy>();
        try
        {
            copies.Add(new DriveCopy(path));
            foreach (var mirror in mirrors ?? [])
            {
                copies.Add(new DriveCopy(mirror));
                if (copies[^1].Length != copies[0].Length)
                {
                    throw new IOException($"{mirror}: expected a copy of {path} with {copies[0].Length} bytes, found {copies[^1].Length}");
                }
            }

            return new DriveFile([.. copies]);
        }
        catch
        {
            copies.ForEach(copy => copy.Dispose());
            throw;
        }
    }

    /// <summary>The start of the block that <paramref name="offset"/> lies in, bytes.</summary>
    public long AlignDown(long offset) => offset & -(long)BlockBytes;

    /// <summary>The first block boundary at or after <paramref name="offset"/>, bytes.</summary>
    public long AlignUp(long offset) => (offset + BlockBytes - 1) & -(long)BlockBytes;

    public void Dispose()
    {
        foreach (var copy in _copies)
        {
            copy.Dispose();
        }
    }

    /// <summary>The copy that should have <paramref name="bytes"/> first; <paramref name="failed"/> only where it is the only one.</summary>
    internal DriveCopy Choose(long bytes, DriveCopy? failed = null)
    {
        var best = _copies[0];
        if (_copies.Length > 1)
        {
            var least = (Avoided: true, Seconds: double.PositiveInfinity);
            foreach (var copy in _copies)
            {
                var expected = copy.Expect(bytes);
                if (copy != failed && expected.CompareTo(least) < 0)
                {
                    (best, least) = (copy, expected);
                }
            }
        }

        return best;
    }
}
