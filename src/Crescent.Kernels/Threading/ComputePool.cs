using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Crescent.Kernels.Threading;

/// <summary>
/// The one pool of compute threads. <see cref="Run{TWork}"/> splits items into ranges that the threads take in turn, so a thread that loses
/// its core delays only the range it holds. The caller works too; helpers spin briefly after a dispatch and then sleep, so an idle pool uses no CPU.
/// One dispatch at a time: the pool belongs to whoever runs the model.
/// </summary>
public sealed unsafe class ComputePool : IDisposable
{
    // Long enough to bridge the gaps between the dispatches of one decode step, short enough to leave an idle machine idle.
    private const int SpinTurns = 4000;

    private const long Open = 1L << 31;
    private const long Inside = Open - 1;
    private const int GenerationShift = 32;

    private readonly Thread[] _helpers;
    private readonly SemaphoreSlim[] _wake;
    private readonly int[] _asleep; // 1 while helper i waits on its semaphore
    private delegate*<void*, int, int, int, void> _execute;
    private void* _work;
    private int _count;
    private int _grain;
    private long _next; // 64 bits: it passes the count by a grain a thread
    private long _state; // generation of the dispatch (high 32 bits), Open, and how many helpers are inside it
    private volatile bool _stop;
    private ExceptionDispatchInfo? _failure;

    /// <param name="threads">Threads that compute, the caller's included; at least 1.</param>
    public ComputePool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        Scratch = new WorkerScratch(threads);
        _helpers = new Thread[threads - 1];
        _wake = new SemaphoreSlim[threads - 1];
        _asleep = new int[threads - 1];
        for (var i = 0; i < _helpers.Length; i++)
        {
            var index = i;
            _wake[i] = new SemaphoreSlim(0);
            _helpers[i] = new Thread(() => HelperLoop(index)) { IsBackground = true, Name = $"crescent-compute-{i + 1}" };
            _helpers[i].Start();
        }
    }

    /// <summary>Number of computing threads, the caller's included.</summary>
    public int Threads { get; }

    /// <summary>Scratch memory for the work of one dispatch.</summary>
    internal WorkerScratch Scratch { get; }

    /// <summary>Runs items 0..<paramref name="count"/> in ranges of <paramref name="grain"/>; returns when all are done. Allocates nothing.</summary>
    /// <remarks>An exception thrown by the work is rethrown here after all threads have stopped.</remarks>
    public void Run<TWork>(ref TWork work, int count, int grain)
        where TWork : struct, IWork, allows ref struct
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(grain, 1);
        if (count <= 0)
        {
            return;
        }

        if (_helpers.Length == 0 || count <= grain)
        {
            work.Execute(0, count, 0);
            return;
        }

        // The struct stays on this frame until every helper has left it, so its address is stable.
        _work = Unsafe.AsPointer(ref work);
        _execute = &Invoke<TWork>;
        _count = count;
        _grain = grain;
        _failure = null;
        Volatile.Write(ref _next, 0);
        Interlocked.Exchange(ref _state, (((Volatile.Read(ref _state) >> GenerationShift) + 1) << GenerationShift) | Open);
        for (var i = 0; i < _helpers.Length; i++)
        {
            if (Interlocked.Exchange(ref _asleep[i], 0) == 1)
            {
                _wake[i].Release();
            }
        }

        TakeRanges(0);
        // Nobody may enter any more. A helper that never got a core has taken nothing and is not waited for.
        Interlocked.And(ref _state, ~Open);
        var spinner = new SpinWait();
        while ((Volatile.Read(ref _state) & Inside) != 0)
        {
            // A helper that lost its core holds a range: spin a little, then let it run.
            spinner.SpinOnce(sleep1Threshold: -1);
        }

        _work = null;
        _failure?.Throw();
    }

    public void Dispose()
    {
        if (_stop)
        {
            return;
        }

        _stop = true;
        foreach (var wake in _wake)
        {
            wake.Release();
        }

        foreach (var helper in _helpers)
        {
            helper.Join();
        }

        foreach (var wake in _wake)
        {
            wake.Dispose();
        }

        Scratch.Dispose();
    }

    private static void Invoke<TWork>(void* work, int start, int end, int worker)
        where TWork : struct, IWork, allows ref struct
        => Unsafe.AsRef<TWork>(work).Execute(start, end, worker);

    private void HelperLoop(int index)
    {
        long seen = 0;
        while (WaitForDispatch(index, seen))
        {
            var state = Volatile.Read(ref _state);
            seen = state >> GenerationShift;
            while ((state & Open) != 0 && state >> GenerationShift == seen)
            {
                var found = Interlocked.CompareExchange(ref _state, state + 1, state);
                if (found == state)
                {
                    TakeRanges(index + 1);
                    Interlocked.Decrement(ref _state);
                    break;
                }

                state = found;
            }
        }
    }

    // Waits for a dispatch after the one seen last; false when the pool stops. A late release may wake a helper for a dispatch it has done: that finds
    // the gate closed, or no ranges left.
    private bool WaitForDispatch(int index, long seen)
    {
        for (var turn = 0; turn < SpinTurns; turn++)
        {
            if (Volatile.Read(ref _state) >> GenerationShift != seen)
            {
                return true;
            }

            if (_stop)
            {
                return false;
            }

            Thread.SpinWait(8);
        }

        // Announce the sleep, then look once more: a dispatch between the two either sees the flag or is seen here.
        Interlocked.Exchange(ref _asleep[index], 1);
        if ((Volatile.Read(ref _state) >> GenerationShift == seen && !_stop) || Interlocked.Exchange(ref _asleep[index], 0) == 0)
        {
            _wake[index].Wait(); // where the flag is gone, the dispatcher has released: take its permit
        }

        return !_stop;
    }

    private void TakeRanges(int worker)
    {
        try
        {
            while (true)
            {
                var start = Interlocked.Add(ref _next, _grain) - _grain;
                if (start >= _count)
                {
                    return;
                }

                _execute(_work, (int)start, (int)Math.Min(start + _grain, _count), worker);
            }
        }
        catch (Exception exception) when (Capture(exception))
        {
            Volatile.Write(ref _next, _count); // the others stop at their next range
        }
    }

    private bool Capture(Exception exception)
    {
        Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(exception), null);
        return true;
    }
}
