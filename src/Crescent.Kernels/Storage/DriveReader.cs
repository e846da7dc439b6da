using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Crescent.Kernels.Storage;

/// <summary>
/// Reads extents of files into memory, several blocks at a time. Thread-safe; no call waits for the drive but <see cref="WaitCompleted"/> and Dispose, and
/// these only as long as they are told. A completed job is handed out once, by <see cref="TryTakeCompleted"/> or <see cref="WaitCompleted"/>.
/// </summary>
public sealed class DriveReader : IDisposable
{
    private static readonly TimeSpan s_longestWait = TimeSpan.FromHours(1); // the system's waits take no more than 24 days

    private readonly object _gate = new();
    private readonly DriveReaderOptions _options;
    private readonly IReadBackend _backend;
    private readonly BlockRetries _retries;
    private readonly ReadQueue _demand = new();
    private readonly ReadQueue _ahead = new();
    private readonly Queue<ReadJob> _completed = new();
    private readonly Stack<ReadBlock> _free = new();
    private int _inFlight;
    private int _aheadInFlight;
    private long _bytesRead;
    private long _busyTicks;
    private long _busySince;
    private bool _disposed;

    public DriveReader(DriveReaderOptions? options = null)
        : this(options ?? new DriveReaderOptions(), ReadBackends.Create)
    {
    }

    /// <param name="createBackend">Makes what reads; it is told whom to call with each block that ended.</param>
    public DriveReader(DriveReaderOptions options, Func<DriveReaderOptions, Action<ReadBlock, int>, IReadBackend> createBackend)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(createBackend);
        options.Check();
        _options = options;
        for (var i = 0; i < options.Depth; i++)
        {
            _free.Push(new ReadBlock());
        }

        _retries = new BlockRetries(StartDue);
        _backend = createBackend(options, Complete);
    }

    /// <summary>"threads" or "io_uring".</summary>
    public string BackendName => _backend.Name;

    /// <summary>Reads in flight at most.</summary>
    public int Depth => _options.Depth;

    /// <summary>Bytes of one read.</summary>
    public int BlockBytes => _options.BlockBytes;

    /// <summary>Blocks handed to the system and not yet back, failed ones that wait to be read again included.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Bytes that came from the files so far.</summary>
    public long BytesRead => Volatile.Read(ref _bytesRead);

    /// <summary>Time so far with at least one read in flight.</summary>
    public TimeSpan BusyTime
    {
        get
        {
            lock (_gate)
            {
                return Stopwatch.GetElapsedTime(0, _busyTicks + (_inFlight > 0 ? Stopwatch.GetTimestamp() - _busySince : 0));
            }
        }
    }

    /// <summary>Whether nothing is queued or in flight.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return _inFlight == 0 && _demand.First is null && _ahead.First is null;
            }
        }
    }

    /// <summary>Queues a job behind those of its priority; returns at once.</summary>
    /// <exception cref="InvalidOperationException">The job is with a reader already, or was never prepared.</exception>
    public void Submit(ReadJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            job.Enter();
            Queue(job).Add(job);
            StartBlocks();
        }
    }

    /// <summary>
    /// Takes a job back, only one that is read ahead. False while blocks of it are in flight: the others are not read, if there are any, and it completes as usual,
    /// or as <see cref="ReadJob.IsCancelled"/>.
    /// </summary>
    public bool TryCancel(ReadJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        lock (_gate)
        {
            if (job.Priority != ReadPriority.Ahead || !job.IsQueuedHere)
            {
                return false;
            }

            _ahead.Remove(job);
            job.DropBlocks();
            job.IsCancelled = true;
            if (job.BlocksInFlight > 0)
            {
                return false;
            }

            job.Leave(ReadJobState.Free);
            return true;
        }
    }

    /// <summary>Serves a job that was read ahead as a demand from now on; where it is one already, or has completed, nothing happens.</summary>
    public void Promote(ReadJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        lock (_gate)
        {
            if (job.Priority == ReadPriority.Ahead && job.IsQueuedHere)
            {
                _ahead.Remove(job);
                _demand.Add(job);
            }

            job.Priority = ReadPriority.Demand;
            if (!_disposed)
            {
                StartBlocks();
            }
        }
    }

    /// <summary>A job that has completed, with all its bytes or an error; at once.</summary>
    public bool TryTakeCompleted([NotNullWhen(true)] out ReadJob? job)
    {
        lock (_gate)
        {
            return _completed.TryDequeue(out job);
        }
    }

    /// <summary>The next job to complete, or null where none does in time or the reader is disposed.</summary>
    public ReadJob? WaitCompleted(TimeSpan timeout)
    {
        var start = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            while (_completed.Count == 0)
            {
                var left = timeout - Stopwatch.GetElapsedTime(start);
                if (_disposed || left <= TimeSpan.Zero)
                {
                    break;
                }

                Monitor.Wait(_gate, left < s_longestWait ? left : s_longestWait);
            }

            return _completed.TryDequeue(out var job) ? job : null;
        }
    }

    /// <summary>
    /// Ends jobs that have not begun with an error, and waits for reads in flight, at most <see cref="DriveReaderOptions.DisposeTimeout"/>. A read that hangs
    /// longer keeps its job, and with it <see cref="ReadJob.Memory"/>: that memory is leaked, since the system may still write to it.
    /// </summary>
    public void Dispose()
    {
        var start = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            Abandon(_demand);
            Abandon(_ahead);
            while (_retries.TakeAny() is { } block)
            {
                Fail(block, "the reader was disposed");
            }

            Monitor.PulseAll(_gate);
            var left = _options.DisposeTimeout;
            while (_inFlight > 0 && left > TimeSpan.Zero)
            {
                Monitor.Wait(_gate, left < s_longestWait ? left : s_longestWait);
                left = _options.DisposeTimeout - Stopwatch.GetElapsedTime(start);
            }

            _retries.Dispose();
        }

        _backend.Dispose();
    }

    private ReadQueue Queue(ReadJob job) => job.Priority == ReadPriority.Demand ? _demand : _ahead;

    // Everything below runs under the gate.
    private void StartBlocks()
    {
        while (_free.Count > 0 && (_demand.First ?? (_aheadInFlight < _options.AheadDepth ? _ahead.First : null)) is { } job)
        {
            var block = _free.Pop();
            block.Take(job, _options.BlockBytes);
            block.Copy = block.File.Choose(block.Length);
            job.State = ReadJobState.Begun;
            job.BlocksInFlight++;
            _aheadInFlight += block.IsAhead ? 1 : 0;
            if (!job.HasBlocksLeft)
            {
                Queue(job).Remove(job);
            }

            if (_inFlight++ == 0)
            {
                _busySince = Stopwatch.GetTimestamp();
            }

            Start(block);
        }
    }

    private void Start(ReadBlock block)
    {
        block.Copy.Begin(block.Length);
        _backend.Start(block);
    }

    private void Complete(ReadBlock block, int result)
    {
        lock (_gate)
        {
            block.Copy.End(block.Length, result);
            _bytesRead += Math.Clamp(result, 0, block.Needed);
            if (result >= block.Needed)
            {
                End(block);
                return;
            }

            var problem = block.Continue(result);
            if (problem is null && !_disposed)
            {
                Start(block);
            }
            else if (_disposed || block.Job.Error is not null || block.Job.IsCancelled || !_retries.TryAgain(block))
            {
                Fail(block, problem ?? "the reader was disposed");
            }
        }
    }

    private void StartDue()
    {
        lock (_gate)
        {
            while (_retries.TakeDue() is { } block)
            {
                Start(block);
            }
        }
    }

    private void Fail(ReadBlock block, string problem)
    {
        var job = block.Job;
        job.Error ??= new DriveReadException(block.Copy.Path, block.Offset, problem);
        if (job.HasBlocksLeft)
        {
            Queue(job).Remove(job);
            job.DropBlocks();
        }

        End(block);
    }

    private void End(ReadBlock block)
    {
        var job = block.Job;
        _aheadInFlight -= block.IsAhead ? 1 : 0;
        block.Clear();
        _free.Push(block);
        if (--_inFlight == 0)
        {
            _busyTicks += Stopwatch.GetTimestamp() - _busySince;
        }

        if (--job.BlocksInFlight == 0 && !job.HasBlocksLeft)
        {
            Finish(job);
        }

        if (!_disposed)
        {
            StartBlocks();
        }
        else if (_inFlight == 0)
        {
            Monitor.PulseAll(_gate);
        }
    }

    private void Abandon(ReadQueue queue)
    {
        while (queue.First is { } job)
        {
            queue.Remove(job);
            job.Error ??= new DriveReadException(job.Extents[0].File.Path, job.Extents[0].Offset, "the reader was disposed");
            job.DropBlocks();
            if (job.BlocksInFlight == 0)
            {
                Finish(job);
            }
        }
    }

    private void Finish(ReadJob job)
    {
        job.Leave(ReadJobState.Completed);
        _completed.Enqueue(job);
        Monitor.Pulse(_gate);
    }
}
