namespace Crescent.Engine.Experts.Eviction;

/// <summary>
/// S3-FIFO (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023): new experts pass a small queue; those used again there, or read again soon after they
/// gave way, go to a main queue, whose oldest gets another round for each use since the last.
/// </summary>
public readonly struct TwoQueues : IEvictionPolicy<TwoQueues>
{
    private const int SmallShare = 10; // one slot in so many is the small queue's
    private const int MostUses = 3;
    private const int UsesToStay = 2; // in the small queue
    private const long Never = long.MinValue;

    private readonly Slot[] _slots;
    private readonly long[] _evictions; // [experts], number of the eviction that took each
    private readonly Clock _clock = new();

    private TwoQueues(int slots, int experts)
    {
        _slots = new Slot[slots];
        _slots.AsSpan().Fill(new Slot { Expert = -1 });
        _evictions = new long[experts];
        _evictions.AsSpan().Fill(Never);
    }

    public static TwoQueues Create(int slots, int experts) => new(slots, experts);

    public void Touch(int slot, int expert, float gateShare, long step)
    {
        ref var entry = ref _slots[slot];
        if (step > entry.Step)
        {
            entry.Uses = Math.Min(entry.Uses + 1, MostUses);
            entry.Step = step;
        }
    }

    public void Filled(int slot, int expert, long step)
    {
        if (_slots[slot].Expert >= 0)
        {
            _evictions[_slots[slot].Expert] = _clock.Evictions++;
        }

        var isKnown = _evictions[expert] != Never && _clock.Evictions - _evictions[expert] <= _slots.Length;
        _slots[slot] = new Slot { Expert = expert, Entry = _clock.Entries++, Step = step, IsMain = isKnown };
    }

    public int Victim(ReadOnlySpan<bool> pinned)
    {
        while (true)
        {
            var (small, main, count) = Oldest(pinned);
            if (small < 0 && main < 0)
            {
                return -1;
            }

            var isSmall = small >= 0 && (main < 0 || count > _slots.Length / SmallShare);
            var oldest = isSmall ? small : main;
            ref var slot = ref _slots[oldest];
            if (slot.Expert < 0 || slot.Uses < (isSmall ? UsesToStay : 1))
            {
                return oldest;
            }

            slot.Uses = isSmall ? 0 : slot.Uses - 1;
            slot.IsMain = true;
            slot.Entry = _clock.Entries++;
        }
    }

    // An empty slot is the oldest of the small queue: its entry is 0 and its use none.
    private (int Small, int Main, int SmallCount) Oldest(ReadOnlySpan<bool> pinned)
    {
        var (small, main, count) = (-1, -1, 0);
        for (var i = 0; i < _slots.Length; i++)
        {
            if (_slots[i].Expert < 0 && !pinned[i])
            {
                return (i, -1, _slots.Length);
            }

            count += _slots[i].IsMain ? 0 : 1;
            ref var oldest = ref _slots[i].IsMain ? ref main : ref small;
            if (!pinned[i] && (oldest < 0 || _slots[i].Entry < _slots[oldest].Entry))
            {
                oldest = i;
            }
        }

        return (small, main, count);
    }

    private sealed class Clock
    {
        public long Entries;
        public long Evictions;
    }

    private struct Slot
    {
        public int Expert;
        public long Entry; // number of its entry into its queue
        public long Step; // of its reading or last use
        public int Uses; // after the step that read it
        public bool IsMain;
    }
}
