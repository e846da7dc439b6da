namespace Crescent.Engine.Experts.Eviction;

/// <summary>The slot whose last use is longest ago; of those of one step the lowest.</summary>
public readonly struct LeastRecentlyUsed : IEvictionPolicy<LeastRecentlyUsed>
{
    private const long Empty = long.MinValue;

    private readonly long[] _lastSteps; // [slots]

    private LeastRecentlyUsed(int slots)
    {
        _lastSteps = new long[slots];
        _lastSteps.AsSpan().Fill(Empty);
    }

    public static LeastRecentlyUsed Create(int slots, int experts) => new(slots);

    public void Touch(int slot, int expert, float gateShare, long step) => _lastSteps[slot] = step;

    public void Filled(int slot, int expert, long step) => _lastSteps[slot] = step;

    public int Victim(ReadOnlySpan<bool> pinned)
    {
        var victim = -1;
        for (var slot = 0; slot < _lastSteps.Length; slot++)
        {
            if (!pinned[slot] && (victim < 0 || _lastSteps[slot] < _lastSteps[victim]))
            {
                victim = slot;
            }
        }

        return victim;
    }
}
