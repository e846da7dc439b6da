using System.Diagnostics;
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
    // Turns of about 0.3 µs. Long enough to bridge the gaps between the dispatches of one decode step, short enough to leave an idle machine idle.
    private const int SpinTurns = 4000;

    // Where another process wants the core.
    private const int ShortSpinTurns = 150;

    private const long Open = 1L << 31;
    private const long Waiting = 1L << 30;
    private const long Inside = Waiting - 1;
    private const int GenerationShift = 32;

    private static readonly long s_leastPatience = Stopwatch.Frequency / 10_000; // 100 µs

    private readonly Thread[] _threads;
    private readonly ComputeHelper[] _helpers;
    private readonly SemaphoreSlim _left = new(0); // released by the last helper to leave a dispatch whose caller waits
    private delegate*<void*, int, int, int, void> _execute;
    private void* _work;
    private int _count;
    private int _grain;
    private long _next; // 64 bits: it passes the count by a grain a thread
    private long _state; // generation of the dispatch (high 32 bits), Open, Waiting, and how many helpers are inside it
    private long _waitStart; // when the caller had done its ranges, where Waiting is set
    private volatile bool _stop;
    private ExceptionDispatchInfo? _failure;

    /// <param name="threads">Threads that compute, the caller's included; at least 1. Never more than there are processors work at once.</param>
    public ComputePool(int threads)
        : this(threads, Environment.ProcessorCount)
    {
    }

    /// <param name="threads">Threads that compute, the caller's included; at least 1.</param>
    /// <param name="processors">Processors there are: threads past them would only take turns, so they are not started.</param>
    internal ComputePool(int threads, int processors)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        Scratch = new WorkerScratch(threads);
        var helpers = Math.Min(threads, Math.Max(processors, 1)) - 1;
        _threads = new Thread[helpers];
        _helpers = new ComputeHelper[helpers];
        for (var i = 0; i < helpers; i++)
        {
            var helper = _helpers[i] = new ComputeHelper(i + 1);
            _threads[i] = new Thread(() => HelperLoop(helper)) { IsBackground = true, Name = $"crescent-compute-{i + 1}" };
            _threads[i].Start();
        }
    }

    /// <summary>Number of computing threads asked for, the caller's included; workers' indices are below it.</summary>
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
        foreach (var helper in _helpers)
        {
            helper.WakeIfAsleep();
        }

        var start = Stopwatch.GetTimestamp();
        var ranges = TakeRanges(0);
        // Nobody may enter any more. A helper that never got a core has taken nothing and is not waited for.
        if ((Interlocked.And(ref _state, ~Open) & Inside) != 0)
        {
            var end = Stopwatch.GetTimestamp();
            AwaitHelpers(end, s_leastPatience + (4 * (end - start) / Math.Max(ranges, 1)));
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
        foreach (var helper in _helpers)
        {
            helper.Wake.Release();
        }

        foreach (var thread in _threads)
        {
            thread.Join();
        }

        foreach (var helper in _helpers)
        {
            helper.Dispose();
        }

        _left.Dispose();
        Scratch.Dispose();
    }

    private static void Invoke<TWork>(void* work, int start, int end, int worker)
        where TWork : struct, IWork, allows ref struct
        => Unsafe.AsRef<TWork>(work).Execute(start, end, worker);

    // Spins for longer than the helpers' last ranges should take, by those of the caller, and yields: a helper that waits for this core has it at once.
    // One that is not done by then has lost another core: sleeping lets the system move it to this one.
    private void AwaitHelpers(long start, long patience)
    {
        var spinner = new SpinWait();
        while (Stopwatch.GetTimestamp() - start < patience)
        {
            if ((Volatile.Read(ref _state) & Inside) == 0)
            {
                return;
            }

            spinner.SpinOnce(sleep1Threshold: -1);
        }

        _waitStart = start;
        if ((Interlocked.Or(ref _state, Waiting) & Inside) != 0)
        {
            _left.Wait();
        }
    }

    private void HelperLoop(ComputeHelper helper)
    {
        long seen = 0;
        while (WaitForDispatch(helper, seen))
        {
            var state = Volatile.Read(ref _state);
            seen = state >> GenerationShift;
            while ((state & Open) != 0 && state >> GenerationShift == seen)
            {
                var found = Interlocked.CompareExchange(ref _state, state + 1, state);
                if (found == state)
                {
                    TakeRanges(helper.Worker);
                    Leave(helper);
                    break;
                }

                state = found;
            }
        }
    }

    private void Leave(ComputeHelper helper)
    {
        var state = Interlocked.Decrement(ref _state);
        if ((state & Waiting) != 0)
        {
            var now = Stopwatch.GetTimestamp();
            helper.KeptOthersWaiting(ThreadPreemptions.Count(), now - _waitStart, now);
            if ((state & Inside) == 0)
            {
                _left.Release();
            }
        }
    }

    // Waits for a dispatch after the one seen last; false when the pool stops. A late release may wake a helper for a dispatch it has done: that finds
    // the gate closed, or no ranges left.
    private bool WaitForDispatch(ComputeHelper helper, long seen)
    {
        if (helper.MustRest(Stopwatch.GetTimestamp()))
        {
            helper.Rest();
            helper.StartBurst(Stopwatch.GetTimestamp());
        }

        if (SpinForDispatch(helper, seen))
        {
            return !_stop;
        }

        // Announce the sleep, then look once more: a dispatch between the two either sees the flag or is seen here.
        helper.FallAsleep();
        if ((Volatile.Read(ref _state) >> GenerationShift == seen && !_stop) || !helper.TryEndSleep())
        {
            helper.Wake.Wait(); // where the flag is gone, the dispatcher has released: take its permit
        }

        helper.StartBurst(Stopwatch.GetTimestamp());
        return !_stop;
    }

    private bool SpinForDispatch(ComputeHelper helper, long seen)
    {
        for (var turn = 0; turn < SpinTurns; turn++)
        {
            if (Volatile.Read(ref _state) >> GenerationShift != seen || _stop)
            {
                return true;
            }

            if (turn >= ShortSpinTurns && helper.SharesCore)
            {
                return false;
            }

            Thread.SpinWait(8);
        }

        return false;
    }

    // Returns how many were taken.
    private int TakeRanges(int worker)
    {
        var ranges = 0;
        try
        {
            while (true)
            {
                var start = Interlocked.Add(ref _next, _grain) - _grain;
                if (start >= _count)
                {
                    return ranges;
                }

                ranges++;
                _execute(_work, (int)start, (int)Math.Min(start + _grain, _count), worker);
            }
        }
        catch (Exception exception) when (Capture(exception))
        {
            Volatile.Write(ref _next, _count); // the others stop at their next range
            return ranges;
        }
    }

    private bool Capture(Exception exception)
    {
        Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(exception), null);
        return true;
    }
}
