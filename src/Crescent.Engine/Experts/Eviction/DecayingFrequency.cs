namespace Crescent.Engine.Experts.Eviction;

/// <summary>Least frequently used: uses are counted, also of experts that are not resident, and halve every few hundred steps.</summary>
public readonly struct DecayingFrequency : IEvictionPolicy<DecayingFrequency>
{
    private const double HalfLife = 512; // steps

    private readonly DecayingUses _uses;

    private DecayingFrequency(DecayingUses uses) => _uses = uses;

    public static DecayingFrequency Create(int slots, int experts) => new(new DecayingUses(slots, experts, HalfLife));

    public void Touch(int slot, int expert, float gateShare, long step) => _uses.Add(expert, weight: 1, step);

    public void Filled(int slot, int expert, long step) => _uses.Fill(slot, expert);

    public int Victim(ReadOnlySpan<bool> pinned) => _uses.Victim(pinned);
}
