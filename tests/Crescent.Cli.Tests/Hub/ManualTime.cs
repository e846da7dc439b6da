using System.Collections.Concurrent;

namespace Crescent.Tests.Hub;

/// <summary>Time for tests: waits are over at once and noted; the wait of one length, which watches for stalls, is over when the test says so.</summary>
internal sealed class ManualTime : TimeProvider
{
    public static readonly TimeSpan Stall = TimeSpan.FromMinutes(7);

    private readonly ConcurrentDictionary<ManualTimer, bool> _watching = new();

    public ConcurrentQueue<TimeSpan> Waits { get; } = new();

    public DateTimeOffset Now { get; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Whoever watches for a stall now sees one.</summary>
    public void EndWatches()
    {
        foreach (var timer in _watching.Keys)
        {
            timer.Fire();
        }
    }

    private sealed class ManualTimer(ManualTime time, Action fire) : ITimer
    {
        public void Fire()
        {
            if (time._watching.TryRemove(this, out _))
            {
                fire();
            }
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime == Stall)
            {
                time._watching[this] = true;
            }
            else if (dueTime != Timeout.InfiniteTimeSpan)
            {
                time.Waits.Enqueue(dueTime);
                ThreadPool.QueueUserWorkItem(_ => fire());
            }
            else
            {
                time._watching.TryRemove(this, out bool _);
            }

            return true;
        }

        public void Dispose() => time._watching.TryRemove(this, out bool _);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
