namespace Crescent.Engine.Experts.Traces;

/// <summary>One layer's slots under foresight.</summary>
internal sealed class OptimalReplay(RoutingLayer layer, int experts, int slots)
{
    private const int Never = int.MaxValue;

    private readonly int[] _next = Enumerable.Repeat(Never, experts).ToArray(); // index of the step that uses an expert next
    private readonly HashSet<int> _resident = [];

    public ReplayResult Run(int warmup)
    {
        var nextUses = NextUses();
        var seen = new bool[experts];
        var (result, at) = (default(ReplayResult), 0);
        for (var i = 0; i < layer.Steps; i++)
        {
            var uses = layer.UsesOf(i);
            var (hits, first) = (0, 0);
            foreach (var use in uses)
            {
                hits += _resident.Contains(use.Expert) ? 1 : 0;
                first += seen[use.Expert] ? 0 : 1;
                seen[use.Expert] = true;
                _next[use.Expert] = nextUses[at++];
            }

            foreach (var use in uses)
            {
                Keep(use.Expert);
            }

            result += i < warmup ? default : new ReplayResult(uses.Length, hits, first);
        }

        return result;
    }

    // After a step only the future counts, so experts of the step itself may give way too.
    private void Keep(int expert)
    {
        if (!_resident.Add(expert) || _resident.Count <= slots)
        {
            return;
        }

        _ = _resident.Remove(_resident.MaxBy(candidate => _next[candidate]));
    }

    // [uses], of each the index of the step that uses its expert next
    private int[] NextUses()
    {
        var next = new int[layer.Uses];
        var last = Enumerable.Repeat(Never, experts).ToArray();
        var at = layer.Uses;
        for (var i = layer.Steps - 1; i >= 0; i--)
        {
            var uses = layer.UsesOf(i);
            for (var u = uses.Length - 1; u >= 0; u--)
            {
                next[--at] = last[uses[u].Expert];
                last[uses[u].Expert] = i;
            }
        }

        return next;
    }
}
