namespace Crescent.Kernels.Storage;

/// <summary>Reads with a thread for each read in flight. Threads are made as they are needed and sleep between reads.</summary>
/// <param name="limit">Most threads: as many as there may be reads in flight.</param>
internal sealed class ReadThreads(int limit, Action<ReadBlock, int> completed) : IReadBackend
{
    private const int StackBytes = 256 << 10;

    private readonly object _gate = new(); // never held while completing
    private ReadBlock? _first;
    private ReadBlock? _last;
    private int _queued;
    private int _idle;
    private int _threads;
    private bool _stopped;

    public string Name => "threads";

    public void Start(ReadBlock block)
    {
        lock (_gate)
        {
            block.Next = null;
            if (_last is null)
            {
                _first = block;
            }
            else
            {
                _last.Next = block;
            }

            _last = block;
            _queued++;
            if (_queued > _idle && _threads < limit)
            {
                StartThread();
            }

            Monitor.Pulse(_gate);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _stopped = true;
            Monitor.PulseAll(_gate);
        }
    }

    private void StartThread()
    {
        var number = _threads++;
        new Thread(() => Run(number), StackBytes) { IsBackground = true, Name = $"crescent-read-{number}" }.Start();
    }

    private void Run(int number)
    {
        while (Next() is { } block)
        {
            completed(block, Read(block, number));
        }
    }

    private static int Read(ReadBlock block, int number)
    {
        try
        {
            return PlatformFile.Read(block.Copy.Handle(number), block.Target, block.Offset);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            return -Math.Max(1, exception.HResult & 0xFFFF);
        }
    }

    private ReadBlock? Next()
    {
        lock (_gate)
        {
            _idle++;
            while (_first is null && !_stopped)
            {
                Monitor.Wait(_gate);
            }

            _idle--;
            if (_first is not { } block)
            {
                return null;
            }

            _first = block.Next;
            if (_first is null)
            {
                _last = null;
            }

            block.Next = null;
            _queued--;
            return block;
        }
    }
}
