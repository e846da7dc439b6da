namespace Crescent.Engine.Experts;

/// <summary>
/// The physical memory that the process may use, and what is left of it for slots of experts. What is not claimed by name (the runtime, weights that every token
/// needs, scratch) is measured, at the start and after each step.
/// </summary>
/// <param name="limit">Most bytes of the resident set.</param>
public sealed class MemoryBudget(long limit)
{
    private const long LeastMargin = 24 << 20;
    private const long Tolerance = 4 << 20; // of a measurement, before slots are given up or made for it

    private long _measured; // all that is not claimed
    private long _expected; // claimed for what the coming step will touch, and is then measured

    public long Limit { get; } = limit;

    /// <summary>Left free: what a step may take and give back unseen.</summary>
    public long Margin { get; } = Math.Max(LeastMargin, limit / 64);

    /// <summary>Claimed for slots.</summary>
    public long Slots { get; private set; }

    /// <summary>Claimed for pages of the cache.</summary>
    public long Pages { get; private set; }

    /// <summary>Everything else: measured, or what it will grow to.</summary>
    public long Others => Math.Max(_measured, LeastOthers);

    /// <summary>Bytes that everything else will come to occupy, whatever is measured yet.</summary>
    public long LeastOthers { get; init; }

    /// <summary>What slots may take.</summary>
    public long ForSlots => Math.Max(0, Limit - Margin - Others - _expected - Pages);

    /// <summary>Takes note of the process's resident set, between steps. Returns whether <see cref="ForSlots"/> changed.</summary>
    public bool Observe(long residentBytes)
    {
        var others = Math.Max(0, residentBytes - Slots - Pages);
        var hadExpected = _expected != 0;
        _expected = 0;
        if (Math.Abs(others - _measured) < Tolerance)
        {
            return hadExpected;
        }

        _measured = others;
        return true;
    }

    /// <summary>Sets bytes aside that the coming step will touch for the first time.</summary>
    public void Expect(long bytes) => _expected += bytes;

    /// <summary>Slots were made, or given up (negative).</summary>
    public void ClaimSlots(long bytes) => Slots += bytes;

    /// <summary>Claims memory for pages of the cache, or gives it back (negative); false where less than <paramref name="leastSlots"/> would be left for slots.</summary>
    public bool TryClaimPages(long bytes, long leastSlots = 0)
    {
        if (bytes > 0 && ForSlots - bytes < leastSlots)
        {
            return false;
        }

        Pages += bytes;
        return true;
    }
}
