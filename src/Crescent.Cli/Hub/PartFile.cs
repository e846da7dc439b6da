using Microsoft.Win32.SafeHandles;

namespace Crescent.Cli.Hub;

/// <summary>
/// A file while it is downloaded: <c>NAME.part</c> at its full size, with <c>NAME.part.journal</c> beside it. Ranges are written by many at once; a range
/// counts as finished once its bytes are flushed to the drive and its line is in the journal. Owned by one download until it is completed or closed.
/// </summary>
internal sealed class PartFile : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Lock _hashing = new();
    private readonly string _target;
    private readonly HubFile _content;
    private readonly SafeFileHandle _file;
    private readonly ByteRanges _finished;
    private RangeJournal? _journal;
    private string? _validator;
    private FileHash _hash;

    /// <summary>Opens what an earlier run left, or begins anew where that is of other content.</summary>
    public PartFile(string target, HubFile content)
    {
        (_target, _content) = (target, content);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        _journal = TryResume(target, content, out _validator, out _finished);
        _file = File.OpenHandle(PartPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, FileOptions.Asynchronous);
        _hash = new FileHash(_file, content.Size, content.Digest);
        if (_journal is null)
        {
            Restart();
        }
    }

    /// <summary>The server's name of the content that the finished ranges are of (an ETag); null where it gives none.</summary>
    public string? Validator
    {
        get
        {
            lock (_lock)
            {
                return _validator;
            }
        }
    }

    public long FinishedBytes
    {
        get
        {
            lock (_lock)
            {
                return _finished.Total;
            }
        }
    }

    private string PartPath => PathOf(_target);

    private string JournalPath => JournalOf(_target);

    public static string PathOf(string target) => target + ".part";

    public static string JournalOf(string target) => PathOf(target) + ".journal";

    /// <summary>Bytes of this content that an earlier run left to do.</summary>
    public static long UnfinishedBytesOf(string target, HubFile content)
    {
        using var journal = TryResume(target, content, out _, out var finished);
        return content.Size - finished.Total;
    }

    /// <summary>Bytes of the drive that this content still needs. Windows gives a file its bytes when its size is set, others as they are written.</summary>
    public static long NeededBytesOf(string target, HubFile content) =>
        OperatingSystem.IsWindows() && File.Exists(PathOf(target)) && new FileInfo(PathOf(target)).Length == content.Size ? 0 : UnfinishedBytesOf(target, content);

    public IReadOnlyList<ByteRange> Missing(long step)
    {
        lock (_lock)
        {
            return _finished.Missing(_content.Size, step);
        }
    }

    /// <summary>Whether an answer of this validator can be of the same content as what is finished; the first one decides.</summary>
    public bool Accept(string? validator)
    {
        lock (_lock)
        {
            if (_journal is not null)
            {
                return validator is null || _validator is null || _validator == validator;
            }

            _validator = validator;
            _journal = RangeJournal.Begin(JournalPath, _content, validator);
            return true;
        }
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, long position) =>
        RandomAccess.WriteAsync(_file, bytes, position, CancellationToken.None);

    /// <summary>The range's bytes are written: makes them last.</summary>
    public void Commit(ByteRange range)
    {
        if (range.Length == 0)
        {
            return;
        }

        RandomAccess.FlushToDisk(_file);
        lock (_lock)
        {
            _journal!.Add(range);
            _finished.Add(range);
        }
    }

    /// <summary>Hashes what is finished from the front, unless somebody does already.</summary>
    public void HashAhead(CancellationToken cancellation)
    {
        if (_hashing.TryEnter())
        {
            try
            {
                _hash.Advance(Prefix(), cancellation);
            }
            finally
            {
                _hashing.Exit();
            }
        }
    }

    /// <summary>The digest of the whole file, all of whose ranges are finished.</summary>
    public Digest FinishHash(CancellationToken cancellation)
    {
        lock (_hashing)
        {
            _hash.Advance(Prefix(), cancellation);
            return _hash.Finish();
        }
    }

    /// <summary>Forgets all that is finished; nobody may be writing.</summary>
    public void Restart()
    {
        lock (_lock)
        {
            _journal?.Dispose();
            (_journal, _validator) = (null, null);
            File.Delete(JournalPath);
            _finished.Clear();
            _hash.Dispose();
            _hash = new FileHash(_file, _content.Size, _content.Digest);
            RandomAccess.SetLength(_file, 0);
            RandomAccess.SetLength(_file, _content.Size);
        }
    }

    /// <summary>The download is whole and verified: it takes its own name.</summary>
    public void Complete()
    {
        Dispose();
        File.Move(PartPath, _target, overwrite: true);
        File.Delete(JournalPath);
    }

    /// <summary>The download is worth nothing.</summary>
    public void Delete()
    {
        Dispose();
        File.Delete(JournalPath);
        File.Delete(PartPath);
    }

    public void Dispose()
    {
        _journal?.Dispose();
        _hash.Dispose();
        _file.Dispose();
    }

    // A part of another size is of other content, or was not even begun.
    private static RangeJournal? TryResume(string target, HubFile content, out string? validator, out ByteRanges finished)
    {
        if (File.Exists(PathOf(target)) && new FileInfo(PathOf(target)).Length == content.Size)
        {
            return RangeJournal.TryResume(JournalOf(target), content, out validator, out finished);
        }

        (validator, finished) = (null, new ByteRanges());
        return null;
    }

    private long Prefix()
    {
        lock (_lock)
        {
            return _finished.Prefix;
        }
    }
}
