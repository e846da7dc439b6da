namespace Crescent.Text.Tokenizers;

/// <summary>A merge list: a pair's rank is its place in the list (GPT-2, Qwen).</summary>
internal sealed class PairRanks : MergeRanks
{
    private readonly Dictionary<long, (int Rank, int Merged)> _pairs;

    public PairRanks(int capacity) => _pairs = new(capacity);

    /// <summary>Adds a pair at the end of the list. A pair listed before keeps its place.</summary>
    public void Add(int rank, int left, int right, int merged) => _pairs.TryAdd(Key(left, right), (rank, merged));

    public override int Find(ReadOnlySpan<byte> joined, int left, int right, out int merged)
    {
        if (_pairs.TryGetValue(Key(left, right), out var found))
        {
            merged = found.Merged;
            return found.Rank;
        }

        merged = -1;
        return None;
    }

    private static long Key(int left, int right) => (long)left << 32 | (uint)right;
}
