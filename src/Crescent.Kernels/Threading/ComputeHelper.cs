using System.Diagnostics;

namespace Crescent.Kernels.Threading;

/// <summary>
/// When one helper thread of a <see cref="ComputePool"/> works and when it rests. While it has its core for itself it never rests. Where another process
/// wants that core, the system takes it away for milliseconds in the middle of a range, and all wait for that range: such a helper works in bursts
/// shorter than its turn on the core and gives the core up between them. Bursts grow again as long as that goes well.
/// </summary>
/// <remarks>Its own thread calls all but <see cref="WakeIfAsleep"/>. Times are <see cref="Stopwatch"/> timestamps, passed in so that tests can make them up.</remarks>
internal sealed class ComputeHelper(int worker) : IDisposable
{
    private const int RestMilliseconds = 1;

    private static readonly long s_leastBurst = Ticks(microseconds: 500);
    private static readonly long s_mostBurst = Ticks(microseconds: 50_000); // a core kept for so long is its own
    private static readonly long s_loss = Ticks(microseconds: 1000); // a core taken by another process is away for longer

    private long _burst = long.MaxValue; // ticks
    private long _burstStart;
    private long _preemptions;
    private int _asleep; // the dispatcher's too

    /// <summary>Index of the thread in a dispatch.</summary>
    public int Worker => worker;

    public SemaphoreSlim Wake { get; } = new(0);

    /// <summary>Whether another process was found to want this helper's core.</summary>
    public bool SharesCore => _burst != long.MaxValue;

    /// <summary>Rests for a while, whatever is dispatched meanwhile; the release of a pool that stops ends it.</summary>
    public void Rest() => Wake.Wait(RestMilliseconds);

    /// <summary>Whether the burst is over and it should rest.</summary>
    public bool MustRest(long now)
    {
        if (!SharesCore || now - _burstStart < _burst)
        {
            return false;
        }

        _burst *= 2;
        if (_burst > s_mostBurst)
        {
            _burst = long.MaxValue;
            return false;
        }

        return true;
    }

    public void StartBurst(long now) => _burstStart = now;

    /// <summary>The others had to wait for this helper: bursts become short where that was because it lost its core.</summary>
    /// <param name="preemptions">How often it has lost its core so far.</param>
    /// <param name="waited">Time that they waited.</param>
    public void KeptOthersWaiting(long preemptions, long waited, long now)
    {
        var preempted = preemptions != _preemptions;
        _preemptions = preemptions;
        if (preempted && waited > s_loss)
        {
            _burst = s_leastBurst;
            _burstStart = now;
        }
    }

    /// <summary>Announces that the helper is about to wait for <see cref="Wake"/>.</summary>
    public void FallAsleep() => Interlocked.Exchange(ref _asleep, 1);

    /// <summary>True for the one of several callers that ends the announced sleep; after <see cref="FallAsleep"/> the dispatcher then owes a release.</summary>
    public bool TryEndSleep() => Interlocked.Exchange(ref _asleep, 0) == 1;

    /// <summary>Wakes the helper if it sleeps.</summary>
    public void WakeIfAsleep()
    {
        if (Volatile.Read(ref _asleep) == 1 && TryEndSleep())
        {
            Wake.Release();
        }
    }

    public void Dispose() => Wake.Dispose();

    private static long Ticks(long microseconds) => microseconds * Stopwatch.Frequency / 1_000_000;
}
