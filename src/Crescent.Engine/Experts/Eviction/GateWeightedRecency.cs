namespace Crescent.Engine.Experts.Eviction;

/// <summary>
/// Recency weighted by gate: a use counts more the more of the token's output it was, and halves every few dozen steps. Of experts used first in the same step the one
/// with the smallest share gives way first; one that is used again and again outlives one that was used last.
/// </summary>
public readonly struct GateWeightedRecency : IEvictionPolicy<GateWeightedRecency>
{
    private const double HalfLife = 40; // steps
    private const double UseWeight = 0.1; // of any use, beside its share: about the mean share of a token's eight experts

    private readonly DecayingUses _uses;

    private GateWeightedRecency(DecayingUses uses) => _uses = uses;

    public static GateWeightedRecency Create(int slots, int experts) => new(new DecayingUses(slots, experts, HalfLife));

    public void Touch(int slot, int expert, float gateShare, long step) => _uses.Add(expert, gateShare > 0 ? UseWeight + gateShare : UseWeight, step);

    public void Filled(int slot, int expert, long step) => _uses.Fill(slot, expert);

    public int Victim(ReadOnlySpan<bool> pinned) => _uses.Victim(pinned);
}
