using System.Numerics;

namespace Crescent.Text.Tokenizers;

/// <summary>
/// A merge list: a pair's rank is its place in the list (GPT-2, Qwen). Open addressing with a multiplied hash, since
/// <c>long.GetHashCode</c> is the same for all pairs of equal halves.
/// </summary>
internal sealed class PairRanks : MergeRanks
{
    private readonly (ulong Key, int Rank, int Merged)[] _slots;   // Merged is -1 in a free slot; at most half are taken
    private readonly int _shift;

    public PairRanks(int capacity)
    {
        var slots = BitOperations.RoundUpToPowerOf2((uint)Math.Max(8, capacity * 2L));
        _slots = new (ulong, int, int)[slots];
        Array.Fill(_slots, (0UL, 0, -1));
        _shift = 64 - BitOperations.Log2(slots);
    }

    /// <summary>Adds a pair at the end of the list. A pair listed before keeps its place.</summary>
    public void Add(int rank, int left, int right, int merged)
    {
        var key = Key(left, right);
        var slot = Slot(key);
        while (_slots[slot].Merged >= 0)
        {
            if (_slots[slot].Key == key)
            {
                return;
            }

            slot = (slot + 1) & (_slots.Length - 1);
        }

        _slots[slot] = (key, rank, merged);
    }

    /// <summary>The pairs in the order of their ranks.</summary>
    public IReadOnlyList<(int Left, int Right, int Merged)> InOrder() =>
        [.. _slots.Where(slot => slot.Merged >= 0).OrderBy(slot => slot.Rank).Select(slot => ((int)(slot.Key >> 32), (int)(uint)slot.Key, slot.Merged))];

    public override int Find(ReadOnlySpan<byte> joined, int left, int right, out int merged)
    {
        var key = Key(left, right);
        for (var slot = Slot(key); ; slot = (slot + 1) & (_slots.Length - 1))
        {
            ref readonly var found = ref _slots[slot];
            merged = found.Merged;
            if (merged < 0)
            {
                return None;
            }

            if (found.Key == key)
            {
                return found.Rank;
            }
        }
    }

    private static ulong Key(int left, int right) => (ulong)(uint)left << 32 | (uint)right;

    private int Slot(ulong key) => (int)(key * 0x9E3779B97F4A7C15 >> _shift);
}
