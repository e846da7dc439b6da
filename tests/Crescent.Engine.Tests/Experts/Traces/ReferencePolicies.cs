using Crescent.Engine.Experts.Traces;

namespace Crescent.Tests.Experts.Traces;

/// <summary>Policies written once more in the plainest way: whole histories, nothing kept up to date.</summary>
internal static class ReferencePolicies
{
    /// <param name="priority">Of a resident expert, from its uses (step, share) so far; the lowest gives way. Uses of the current step are among them.</param>
    public static long Hits(RoutingTrace trace, int slots, Func<IReadOnlyList<(long Step, double Share)>, long, double> priority) =>
        trace.Layers.Sum(layer => Hits(layer, slots, priority));

    private static long Hits(RoutingLayer layer, int slots, Func<IReadOnlyList<(long Step, double Share)>, long, double> priority)
    {
        var uses = new Dictionary<int, List<(long, double)>>();
        var resident = new List<int>();
        var hits = 0;
        for (var i = 0; i < layer.Steps; i++)
        {
            var step = layer.StepOf(i);
            var chosen = layer.UsesOf(i).ToArray();
            var missing = chosen.Where(use => !resident.Contains(use.Expert)).ToArray();
            hits += chosen.Length - missing.Length;
            foreach (var use in chosen)
            {
                if (!uses.TryGetValue(use.Expert, out var history))
                {
                    uses.Add(use.Expert, history = []);
                }

                history.Add((step, use.GateShare));
            }

            foreach (var use in missing)
            {
                var candidates = resident.Where(expert => chosen.All(other => other.Expert != expert)).ToArray();
                if (resident.Count >= slots)
                {
                    if (candidates.Length == 0)
                    {
                        continue;
                    }

                    resident.Remove(candidates.MinBy(expert => priority(uses[expert], step)));
                }

                resident.Add(use.Expert);
            }
        }

        return hits;
    }

    /// <summary>The most hits of a layer, by trying everything: which experts to keep after each step.</summary>
    public static int MostHits(RoutingLayer layer, int slots)
    {
        return Best(0, []);

        int Best(int index, int[] resident)
        {
            if (index == layer.Steps)
            {
                return 0;
            }

            var used = layer.UsesOf(index).ToArray().Select(use => use.Expert).ToArray();
            var hits = used.Count(resident.Contains);
            return hits + Subsets([.. resident.Union(used)], slots).Max(kept => Best(index + 1, kept));
        }
    }

    private static IEnumerable<int[]> Subsets(int[] of, int size) =>
        Enumerable.Range(0, 1 << of.Length).Select(bits => of.Where((_, i) => ((bits >> i) & 1) == 1).ToArray()).Where(set => set.Length == Math.Min(size, of.Length));
}
