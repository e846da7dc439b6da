using Crescent.Engine.Experts.Eviction;

namespace Crescent.Engine.Experts.Traces;

/// <summary>One layer's slots under a policy.</summary>
internal sealed class PolicyReplay<TPolicy>(RoutingLayer layer, int experts, int slots)
    where TPolicy : struct, IEvictionPolicy<TPolicy>
{
    private readonly int[] _slotOf = Enumerable.Repeat(-1, experts).ToArray();
    private readonly int[] _expertOf = Enumerable.Repeat(-1, slots).ToArray();
    private readonly bool[] _pinned = new bool[slots];
    private readonly bool[] _seen = new bool[experts];
    private readonly TPolicy _policy = TPolicy.Create(slots, experts);

    public ReplayResult Run(int warmup)
    {
        var result = default(ReplayResult);
        for (var i = 0; i < layer.Steps; i++)
        {
            var step = Step(layer.StepOf(i), layer.UsesOf(i));
            result += i < warmup ? default : step;
        }

        return result;
    }

    private ReplayResult Step(long step, ReadOnlySpan<ExpertUse> uses)
    {
        var (hits, first) = (0, 0);
        _pinned.AsSpan().Clear();
        foreach (var use in uses)
        {
            first += _seen[use.Expert] ? 0 : 1;
            _seen[use.Expert] = true;
            if (_slotOf[use.Expert] is >= 0 and var slot)
            {
                hits++;
                _pinned[slot] = true;
                _policy.Touch(slot, use.Expert, use.GateShare, step);
            }
        }

        foreach (var use in uses)
        {
            if (_slotOf[use.Expert] < 0)
            {
                Read(use, step);
            }
        }

        return new ReplayResult(uses.Length, hits, first);
    }

    private void Read(ExpertUse use, long step)
    {
        var slot = _policy.Victim(_pinned);
        if (slot < 0)
        {
            return; // more experts in a step than slots: this one passes through
        }

        if (_expertOf[slot] >= 0)
        {
            _slotOf[_expertOf[slot]] = -1;
        }

        (_expertOf[slot], _slotOf[use.Expert], _pinned[slot]) = (use.Expert, slot, true);
        _policy.Filled(slot, use.Expert, step);
        _policy.Touch(slot, use.Expert, use.GateShare, step);
    }
}
