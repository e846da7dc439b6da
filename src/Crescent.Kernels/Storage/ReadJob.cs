using System.Diagnostics;

namespace Crescent.Kernels.Storage;

/// <summary>
/// Extents to be read together. A job belongs to the reader from <see cref="DriveReader.Submit"/> until it has completed (or was cancelled), and may then be
/// prepared and submitted again. Until it has completed the system may write to its targets, whatever its error.
/// </summary>
public sealed class ReadJob
{
    private ReadExtent[] _extents = [];
    private volatile ReadJobState _state;
    private PinnedMemory? _heldMemory;

    public ReadJob()
    {
    }

    /// <inheritdoc cref="Prepare"/>
    public ReadJob(ReadOnlySpan<ReadExtent> extents, ReadPriority priority) => Prepare(extents, priority);

    /// <summary>The extents, in the order in which they are read.</summary>
    public ReadOnlySpan<ReadExtent> Extents => _extents.AsSpan(0, ExtentCount);

    public ReadPriority Priority { get; internal set; }

    /// <summary>The caller's own.</summary>
    public object? Tag { get; set; }

    /// <summary>The caller's own.</summary>
    public long Number { get; set; }

    /// <summary>The memory that the targets lie in: it is not given back to the system before the job has completed, even when it is disposed earlier.</summary>
    public PinnedMemory? Memory { get; set; }

    /// <summary>Whether all was read, or <see cref="Error"/> says why not.</summary>
    public bool IsCompleted => _state == ReadJobState.Completed;

    /// <summary>Why some of the bytes are missing; null where none is. Only of a completed job.</summary>
    public DriveReadException? Error { get; internal set; }

    /// <summary>Bytes of the files that the extents ask for.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether it was taken back after a part of it had begun: bytes are missing then.</summary>
    public bool IsCancelled { get; internal set; }

    /// <summary>Bytes that were asked of the drive: fewer than <see cref="Bytes"/> of a job that was cancelled or failed.</summary>
    public long StartedBytes { get; internal set; }

    /// <summary>When it was submitted, in ticks of <see cref="Stopwatch"/>.</summary>
    public long SubmittedTimestamp { get; internal set; }

    /// <summary>When it completed, in ticks of <see cref="Stopwatch"/>.</summary>
    public long CompletedTimestamp { get; internal set; }

    /// <summary>From submission to completion.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(SubmittedTimestamp, CompletedTimestamp);

    internal ReadJobState State
    {
        get => _state;
        set => _state = value;
    }

    internal int ExtentCount { get; private set; }

    /// <summary>The extent and the byte in it from which the next block is read.</summary>
    internal int NextExtent { get; set; }

    /// <inheritdoc cref="NextExtent"/>
    internal long NextByte { get; set; }

    internal int BlocksInFlight { get; set; }

    internal bool HasBlocksLeft => NextExtent < ExtentCount;

    // Neighbours in the reader's queue.
    internal ReadJob? Previous { get; set; }

    internal ReadJob? Next { get; set; }

    /// <summary>Sets what is to be read; of a job that no reader has.</summary>
    /// <exception cref="ArgumentException">No extent, or one that is not aligned or lies outside its file.</exception>
    /// <exception cref="InvalidOperationException">A reader has the job.</exception>
    public void Prepare(ReadOnlySpan<ReadExtent> extents, ReadPriority priority)
    {
        RequireFree();
        if (extents.IsEmpty)
        {
            throw new ArgumentException("a job needs an extent");
        }

        var bytes = 0L;
        foreach (ref readonly var extent in extents)
        {
            extent.Check();
            bytes += extent.Bytes;
        }

        if (_extents.Length < extents.Length)
        {
            _extents = new ReadExtent[extents.Length];
        }

        extents.CopyTo(_extents);
        ExtentCount = extents.Length;
        Bytes = bytes;
        Priority = priority;
        State = ReadJobState.Free;
    }

    /// <summary>Whether it is in its reader's queue: some of its blocks have not been started.</summary>
    internal bool IsQueuedHere => _state is ReadJobState.Queued or ReadJobState.Begun && HasBlocksLeft;

    /// <summary>A reader takes the job, and holds its memory.</summary>
    /// <exception cref="InvalidOperationException">A reader has the job, or it was never prepared.</exception>
    internal void Enter()
    {
        RequireFree();
        if (ExtentCount == 0)
        {
            throw new InvalidOperationException("the job was not prepared");
        }

        Memory?.Hold();
        _heldMemory = Memory;
        Error = null;
        IsCancelled = false;
        StartedBytes = 0;
        NextExtent = 0;
        NextByte = 0;
        BlocksInFlight = 0;
        SubmittedTimestamp = Stopwatch.GetTimestamp();
        CompletedTimestamp = SubmittedTimestamp;
        State = ReadJobState.Queued;
    }

    /// <summary>The reader gives the job back, and its memory with it.</summary>
    internal void Leave(ReadJobState state)
    {
        CompletedTimestamp = Stopwatch.GetTimestamp();
        _heldMemory?.LetGo();
        _heldMemory = null;
        State = state;
    }

    internal void DropBlocks()
    {
        NextExtent = ExtentCount;
        NextByte = 0;
    }

    /// <exception cref="InvalidOperationException">A reader has the job.</exception>
    internal void RequireFree()
    {
        if (_state is ReadJobState.Queued or ReadJobState.Begun)
        {
            throw new InvalidOperationException("the job is being read");
        }
    }
}
