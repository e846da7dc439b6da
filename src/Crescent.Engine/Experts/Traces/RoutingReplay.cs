using Crescent.Engine.Experts.Eviction;

namespace Crescent.Engine.Experts.Traces;

/// <summary>What slots would have done for a trace.</summary>
/// <param name="Uses">Distinct experts of every counted step and layer.</param>
/// <param name="Hits">Of those, the ones that were resident when their step came.</param>
/// <param name="FirstUses">Uses of experts that their layer had never used before, which no policy could have kept.</param>
public readonly record struct ReplayResult(long Uses, long Hits, long FirstUses)
{
    public double HitRate => Uses == 0 ? 0 : (double)Hits / Uses;

    public static ReplayResult operator +(ReplayResult a, ReplayResult b) => new(a.Uses + b.Uses, a.Hits + b.Hits, a.FirstUses + b.FirstUses);
}

/// <summary>Plays a trace against slots: in every layer the resident experts of a step first, then the missing ones, each into the slot that the policy gives up.</summary>
public static class RoutingReplay
{
    /// <param name="slots">Slots a layer.</param>
    /// <param name="warmup">Steps of each layer that fill the slots and are not counted.</param>
    public static ReplayResult Run(RoutingTrace trace, int slots, EvictionPolicyKind policy, int warmup = 0) => policy switch
    {
        EvictionPolicyKind.Lru => Run<LeastRecentlyUsed>(trace, slots, warmup),
        EvictionPolicyKind.Gate => Run<GateWeightedRecency>(trace, slots, warmup),
        EvictionPolicyKind.Lfu => Run<DecayingFrequency>(trace, slots, warmup),
        EvictionPolicyKind.S3Fifo => Run<TwoQueues>(trace, slots, warmup),
        _ => throw new ArgumentOutOfRangeException(nameof(policy), $"expected a policy, found {policy}"),
    };

    /// <inheritdoc cref="Run(RoutingTrace, int, EvictionPolicyKind, int)"/>
    public static ReplayResult Run<TPolicy>(RoutingTrace trace, int slots, int warmup = 0)
        where TPolicy : struct, IEvictionPolicy<TPolicy> => Sum(trace, slots, (layer, count) => new PolicyReplay<TPolicy>(layer, trace.Experts, count).Run(warmup));

    /// <summary>The most hits that any policy could have had: the slot whose expert is used last again gives way, or none (Belády).</summary>
    public static ReplayResult RunOptimal(RoutingTrace trace, int slots, int warmup = 0) =>
        Sum(trace, slots, (layer, count) => new OptimalReplay(layer, trace.Experts, count).Run(warmup));

    private static ReplayResult Sum(RoutingTrace trace, int slots, Func<RoutingLayer, int, ReplayResult> replay)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(slots);
        return trace.Layers.Aggregate(default(ReplayResult), (sum, layer) => sum + replay(layer, Math.Min(slots, trace.Experts)));
    }
}
