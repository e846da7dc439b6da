using System.Runtime.InteropServices;

namespace Crescent.Text.Tokenizers.Training;

/// <summary>Words as lists of ranks, with the count of every pair of neighbours and the words it occurs in.</summary>
internal sealed class PairMerger
{
    private readonly List<(int[] Ranks, int Length, long Count)> _words = [];
    private readonly Dictionary<(int Left, int Right), Pair> _pairs = [];

    // Counts only fall for pairs that are in the queue, and rise for new ones, which are put in again: an entry that is too high is put back with its count of today.
    private readonly PriorityQueue<(int Left, int Right), (long Count, int Left, int Right)> _queue =
        new(Comparer<(long Count, int Left, int Right)>.Create((a, b) => a.Count != b.Count ? b.Count.CompareTo(a.Count) : (a.Left, a.Right).CompareTo((b.Left, b.Right))));

    public PairMerger(IEnumerable<KeyValuePair<string, long>> words)
    {
        foreach (var (text, count) in words)
        {
            int[] ranks = [.. text.Select(letter => (int)letter)];
            _words.Add((ranks, ranks.Length, count));
            for (var i = 0; i + 1 < ranks.Length; i++)
            {
                Change(ranks[i], ranks[i + 1], count, _words.Count - 1);
            }
        }

        foreach (var (pair, state) in _pairs)
        {
            _queue.Enqueue(pair, (state.Count, pair.Left, pair.Right));
        }
    }

    /// <summary>The pair that occurs most often.</summary>
    public bool TryTake(out int left, out int right)
    {
        while (_queue.TryDequeue(out var pair, out var priority))
        {
            var count = _pairs.TryGetValue(pair, out var state) ? state.Count : 0;
            if (count == priority.Count && count > 1)
            {
                (left, right) = pair;
                return true;
            }

            if (count > 1 && count < priority.Count)
            {
                _queue.Enqueue(pair, (count, pair.Left, pair.Right));
            }
        }

        (left, right) = (0, 0);
        return false;
    }

    /// <summary>Puts <paramref name="merged"/> in the place of every such pair.</summary>
    public void Merge(int left, int right, int merged)
    {
        var words = _pairs[(left, right)].Words;
        var changed = new HashSet<(int Left, int Right)>();
        foreach (var index in words)
        {
            MergeWord(index, left, right, merged, changed);
        }

        _pairs.Remove((left, right));
        foreach (var pair in changed)
        {
            if (_pairs.TryGetValue(pair, out var state) && state.Count > 1)
            {
                _queue.Enqueue(pair, (state.Count, pair.Left, pair.Right));
            }
        }
    }

    private void MergeWord(int index, int left, int right, int merged, HashSet<(int Left, int Right)> changed)
    {
        var (ranks, length, count) = _words[index];
        var kept = 0;
        for (var i = 0; i < length; i++, kept++)
        {
            if (i + 1 >= length || ranks[i] != left || ranks[i + 1] != right)
            {
                ranks[kept] = ranks[i];
                continue;
            }

            if (kept > 0)
            {
                Change(ranks[kept - 1], left, -count, index);
                Change(ranks[kept - 1], merged, count, index);
                changed.Add((ranks[kept - 1], merged));
            }

            if (i + 2 < length)
            {
                Change(right, ranks[i + 2], -count, index);
                Change(merged, ranks[i + 2], count, index);
                changed.Add((merged, ranks[i + 2]));
            }

            ranks[kept] = merged;
            i++;
        }

        _words[index] = (ranks, kept, count);
    }

    private void Change(int left, int right, long count, int word)
    {
        ref var pair = ref CollectionsMarshal.GetValueRefOrAddDefault(_pairs, (left, right), out var exists);
        pair = exists ? pair : new Pair();
        pair!.Count += count;
        if (count > 0)
        {
            pair.Words.Add(word);
        }
    }

    private sealed class Pair
    {
        public long Count;
        public readonly HashSet<int> Words = [];
    }
}
