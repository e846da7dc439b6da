namespace Crescent.Engine.Experts.Eviction;

/// <summary>The policies by name.</summary>
public enum EvictionPolicyKind
{
    /// <summary><see cref="LeastRecentlyUsed"/></summary>
    Lru,

    /// <summary><see cref="GateWeightedRecency"/></summary>
    Gate,

    /// <summary><see cref="DecayingFrequency"/></summary>
    Lfu,

    /// <summary><see cref="TwoQueues"/></summary>
    S3Fifo,
}
