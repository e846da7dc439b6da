using System.Collections.Concurrent;

namespace Crescent.Text.Grammars;

/// <summary>What a vocabulary's tokens do in a lexeme, worked out when first asked for. Safe for use by many threads.</summary>
internal sealed class LexemeMasks(Lexeme lexeme, GrammarVocabulary vocabulary)
{
    // A way out is followed so far before what is known of a state on it is taken.
    private const int LongestWay = 256;

    private readonly ConcurrentDictionary<int, LexemeMask> _masks = new();
    private readonly ConcurrentDictionary<int, LexemeExits> _exits = new();
    private readonly ConcurrentDictionary<int, int> _costs = new();

    public Lexeme Lexeme => lexeme;

    /// <summary>Tokens that end within the lexeme.</summary>
    public LexemeMask Mask(int state)
    {
        state = lexeme.MaskState(state, vocabulary.Longest);
        return _masks.TryGetValue(state, out var mask) ? mask : _masks.GetOrAdd(state, FindMask(state));
    }

    /// <summary>Tokens of which a part ends the lexeme.</summary>
    public LexemeExits Exits(int state)
    {
        state = lexeme.MaskState(state, vocabulary.Longest);
        return _exits.TryGetValue(state, out var exits) ? exits : _exits.GetOrAdd(state, FindExits(state));
    }

    /// <summary>
    /// Tokens that end the lexeme from a state along <see cref="Lexeme.WayOut"/>: the fewest that spell it. After the first of them the cost is less by one, so whoever
    /// can afford a state can go on.
    /// </summary>
    public int Cost(int state) => _costs.TryGetValue(state, out var cost) ? cost : FindCost(state);

    private int FindCost(int state)
    {
        var (states, bytes) = (new List<int>(), new List<byte>());
        for (var at = state; ; at = lexeme.Next(at, bytes[^1]))
        {
            states.Add(at);
            if (lexeme.IsAccepting(at))
            {
                _costs[at] = 0;
                break;
            }

            if (states.Count > LongestWay && _costs.ContainsKey(at))
            {
                break;
            }

            bytes.Add(lexeme.WayOut(at));
        }

        var path = bytes.ToArray();
        var costs = new int[states.Count];
        costs[^1] = _costs[states[^1]];
        for (var i = states.Count - 2; i >= 0; i--)
        {
            if (_costs.TryGetValue(states[i], out costs[i]))
            {
                continue;
            }

            costs[i] = Nfa.Unreachable;
            foreach (var length in Lengths(path.AsSpan(i)))
            {
                costs[i] = Math.Min(costs[i], 1 + costs[i + length]);
            }

            costs[i] = _costs.GetOrAdd(states[i], costs[i]);
        }

        return costs[0];
    }

    // Lengths of the tokens that begin a text.
    private List<int> Lengths(ReadOnlySpan<byte> text)
    {
        var lengths = new List<int>();
        var trie = vocabulary.Trie;
        foreach (var (first, last) in new[] { (0, trie.FreeEnd), (trie.FreeEnd, trie.Count) })
        {
            var (node, end, depth) = (first, last, 0);
            while (node < end && depth < text.Length)
            {
                if (trie.Labels[node] != text[depth])
                {
                    node = trie.Ends[node];
                    continue;
                }

                depth++;
                if (trie.Tokens[node] >= 0)
                {
                    lengths.Add(depth);
                }

                (node, end) = (node + 1, trie.Ends[node]);
            }
        }

        return lengths;
    }

    private LexemeMask FindMask(int state)
    {
        var trie = vocabulary.Trie;
        var groups = new LexemeMaskBuilder(vocabulary.Size);
        var free = lexeme.FreeCharacters(state);
        if (free > 0)
        {
            AddFree(groups, state, free);
        }

        Span<int> states = stackalloc int[256];
        states[0] = state;
        var (lastState, lastCost) = (-1, 0);
        for (var node = free > 0 ? trie.FreeEnd : 0; node < trie.Count;)
        {
            var depth = trie.Depths[node];
            var next = lexeme.Next(states[depth - 1], trie.Labels[node]);
            if (next < 0)
            {
                node = trie.Ends[node];
                continue;
            }

            states[depth] = next;
            var token = trie.Tokens[node];
            if (token >= 0)
            {
                (lastCost, lastState) = (next == lastState ? lastCost : Cost(next), next);
                for (; token >= 0; token = trie.Twins[token])
                {
                    groups.Add(lastCost, token);
                }
            }

            node++;
        }

        return groups.Build();
    }

    private void AddFree(LexemeMaskBuilder groups, int state, int free)
    {
        var most = Math.Min(free, vocabulary.MostFreeCharacters);
        var costs = Enumerable.Range(1, most).Select(count => Cost(lexeme.AfterFree(state, count))).ToArray();
        if (most == vocabulary.MostFreeCharacters && costs.All(cost => cost == costs[0]))
        {
            groups.Add(costs[0], vocabulary.AllFree);
            return;
        }

        for (var count = 1; count <= most; count++)
        {
            groups.Add(costs[count - 1], vocabulary.Free(count));
        }
    }

    private LexemeExits FindExits(int state)
    {
        var trie = vocabulary.Trie;
        var exits = new List<int>?[256];
        Span<int> states = stackalloc int[256];
        states[0] = state;
        for (var node = lexeme.FreeCharacters(state) > 0 ? trie.FreeEnd : 0; node < trie.Count;)
        {
            var depth = trie.Depths[node];
            var label = trie.Labels[node];
            if (depth > 1 && lexeme.IsAccepting(states[depth - 1]))
            {
                (exits[label] ??= []).Add(node);
            }

            states[depth] = lexeme.Next(states[depth - 1], label);
            node = states[depth] < 0 ? trie.Ends[node] : node + 1;
        }

        return new LexemeExits(trie, exits);
    }
}
