using Crescent.Engine.Checkpoints;

namespace Crescent.Engine.Conversion;

/// <summary>
/// Writes files that take hours, so that an interruption costs only what was begun last: each is a <c>.part</c> file until all are complete, and a
/// journal says which pieces are on the drive. Both stay after an interruption or a full drive, and go after any other failure.
/// </summary>
internal sealed class ResumableFiles
{
    private const long LeastBytesBetweenLines = 4 << 20;
    private const int MostLines = 4096; // a line waits for the drive

    private readonly string _path;
    private readonly string _journalPath;
    private readonly IReadOnlyList<OutputFile> _files;
    private readonly ConversionIdentity _identity;
    private readonly int[]? _finished;

    /// <param name="path">What the caller asked for.</param>
    public ResumableFiles(string path, string journalPath, IReadOnlyList<OutputFile> files, ConversionIdentity identity)
    {
        (_path, _journalPath, _files, _identity) = (path, journalPath, files, identity);
        (_finished, var reason) = ConversionJournal.Read(journalPath, identity, files);
        if (_finished is not null && !files.Select((file, i) => IsWhole(file, _finished[i])).All(whole => whole))
        {
            (_finished, reason) = (null, "a .part file is gone or cut short");
        }

        Notice = reason is not null ? $"{path}: an interrupted conversion begins anew: {reason}"
            : _finished is not null ? $"{path}: an interrupted conversion goes on, {DoneBytes:N0} of {Length:N0} bytes are there"
            : null;
    }

    /// <summary>What became of an interrupted conversion; null where there was none.</summary>
    public string? Notice { get; }

    /// <summary>Whether there is an unfinished conversion.</summary>
    public bool IsBegun => File.Exists(_journalPath);

    /// <summary>Bytes of all files.</summary>
    public long Length => _files.Sum(file => file.Length);

    /// <summary>Bytes that need not be written again.</summary>
    public long DoneBytes => _finished is null ? 0 : _files.Select((file, i) => _finished[i] == 0 ? 0 : file.OffsetOf(_finished[i])).Sum();

    /// <exception cref="IOException">The drive has too little room, or a file cannot be written.</exception>
    public void Write(Func<string, long> freeBytes, IProgress<ConversionProgress>? progress, CancellationToken cancellationToken)
    {
        CutToFinished();
        PartialFiles.RequireRoom(_path, Length - DoneBytes, freeBytes);
        var folder = Path.GetDirectoryName(Path.GetFullPath(_journalPath))!;
        var isNewFolder = !Directory.Exists(folder);
        Directory.CreateDirectory(folder);
        try
        {
            using (var journal = ConversionJournal.Open(_journalPath, _identity, _finished))
            {
                var done = DoneBytes;
                for (var i = 0; i < _files.Count; i++)
                {
                    WriteFile(i, journal, ref done, progress, cancellationToken);
                }
            }

            foreach (var file in _files.Where(file => File.Exists(PartOf(file))))
            {
                File.Move(PartOf(file), file.Path, overwrite: true);
            }

            File.Delete(_journalPath);
        }
        catch (CheckpointException)
        {
            // A source that cannot be converted: it would fail again at the same place.
            foreach (var file in _files)
            {
                File.Delete(PartOf(file));
            }

            File.Delete(_journalPath);
            if (isNewFolder)
            {
                Directory.Delete(folder);
            }

            throw;
        }
    }

    // What was begun and not finished takes room that will be needed.
    private void CutToFinished()
    {
        for (var i = 0; i < _files.Count; i++)
        {
            var part = PartOf(_files[i]);
            if (File.Exists(part) && (_finished?[i] ?? 0) is var finished)
            {
                using var stream = new FileStream(part, FileMode.Open, FileAccess.Write, FileShare.None);
                stream.SetLength(finished == 0 ? 0 : _files[i].OffsetOf(finished));
            }
        }
    }

    private void WriteFile(int index, ConversionJournal journal, ref long done, IProgress<ConversionProgress>? progress, CancellationToken cancellationToken)
    {
        var (file, first) = (_files[index], _finished?[index] ?? 0);
        if (first == file.Pieces.Count && !File.Exists(PartOf(file)))
        {
            return; // renamed already
        }

        using var stream = new FileStream(PartOf(file), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 1 << 16);
        if (first == 0)
        {
            stream.Write(file.Header);
            done += file.Header.LongLength;
        }

        stream.Position = file.OffsetOf(first);
        var unrecorded = 0L;
        for (var i = first; i < file.Pieces.Count; i++)
        {
            WritePiece(stream, file.Pieces[i], ref done, progress, cancellationToken);
            unrecorded += file.Pieces[i].Length;
            if (unrecorded >= Math.Max(LeastBytesBetweenLines, Length / MostLines) && i + 1 < file.Pieces.Count)
            {
                stream.Flush(flushToDisk: true);
                journal.Finish(index, i + 1);
                unrecorded = 0;
            }
        }

        file.Finish?.Invoke(stream);
        stream.Flush(flushToDisk: true);
        journal.Finish(index, file.Pieces.Count);
    }

    private void WritePiece(FileStream stream, OutputPiece piece, ref long done, IProgress<ConversionProgress>? progress, CancellationToken cancellationToken)
    {
        var (start, before, total) = (stream.Position, done, Length);
        piece.Write(
            bytes =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (stream.Position - start + bytes.Length > piece.Length)
            {
                throw new InvalidOperationException($"'{piece.Name}': expected {piece.Length} bytes, found more");
            }

            stream.Write(bytes);
            progress?.Report(new ConversionProgress(before + stream.Position - start, total));
        }, cancellationToken);
        if (stream.Position - start != piece.Length)
        {
            throw new InvalidOperationException($"'{piece.Name}': expected {piece.Length} bytes, found {stream.Position - start}");
        }

        if (piece.Finish is { } finish)
        {
            finish(stream);
            stream.Position = start + piece.Length;
        }

        done += piece.Length;
        cancellationToken.ThrowIfCancellationRequested();
    }

    // A file that is finished may have its name already.
    private static bool IsWhole(OutputFile file, int finished)
    {
        if (finished == 0)
        {
            return true;
        }

        var part = new FileInfo(PartOf(file));
        return part.Exists
            ? part.Length >= file.OffsetOf(finished)
            : finished == file.Pieces.Count && new FileInfo(file.Path) is { Exists: true } whole && whole.Length == file.Length;
    }

    private static string PartOf(OutputFile file) => file.Path + ".part";
}
