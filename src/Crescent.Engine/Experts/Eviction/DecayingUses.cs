namespace Crescent.Engine.Experts.Eviction;

/// <summary>
/// Sums of weighted uses of a layer's experts, resident or not, that halve every so many steps (LRFU: Lee et al., "LRFU: a spectrum of policies", IEEE Transactions on
/// Computers 50, 2001). A sum is kept as the logarithm of what it would be at step 0, so that time passes without touching it.
/// </summary>
internal readonly struct DecayingUses
{
    private const int Empty = -1;

    private readonly double[] _logSums; // [experts]
    private readonly int[] _experts; // [slots], what each holds
    private readonly double _halfLife; // steps

    public DecayingUses(int slots, int experts, double halfLife)
    {
        _halfLife = halfLife;
        _logSums = new double[experts];
        _logSums.AsSpan().Fill(double.NegativeInfinity);
        _experts = new int[slots];
        _experts.AsSpan().Fill(Empty);
    }

    public void Add(int expert, double weight, long step)
    {
        var (sum, use) = (_logSums[expert], Math.Log2(weight) + (step / _halfLife));
        var (more, less) = sum > use ? (sum, use) : (use, sum);
        _logSums[expert] = double.IsNegativeInfinity(less) ? more : more + Math.Log2(1 + Math.Pow(2, less - more));
    }

    public void Fill(int slot, int expert) => _experts[slot] = expert;

    /// <summary>The slot with the smallest sum, empty ones first.</summary>
    public int Victim(ReadOnlySpan<bool> pinned)
    {
        var (victim, smallest) = (-1, double.PositiveInfinity);
        for (var slot = 0; slot < _experts.Length; slot++)
        {
            if (pinned[slot])
            {
                continue;
            }

            if (_experts[slot] == Empty)
            {
                return slot;
            }

            if (victim < 0 || _logSums[_experts[slot]] < smallest)
            {
                (victim, smallest) = (slot, _logSums[_experts[slot]]);
            }
        }

        return victim;
    }
}
