namespace Crescent.Text.Grammars;

/// <summary>A state of an <see cref="Nfa"/>: a step over a byte range to <see cref="Target"/>, or free steps to <see cref="Target"/> and <see cref="Second"/> (−1 for none).</summary>
internal readonly record struct NfaState(bool IsByte, byte Low, byte High, int Target, int Second);

/// <summary>A nondeterministic automaton over bytes. State 0 accepts.</summary>
internal sealed class Nfa(NfaState[] states, int start)
{
    public const int Accept = 0;

    public const int Unreachable = int.MaxValue / 4;

    public NfaState[] States => states;

    public int Start => start;

    /// <summary>Fewest bytes from each state to the accepting one; <see cref="Unreachable"/> where there is no way.</summary>
    public int[] Distances()
    {
        var heads = new int[states.Length];
        var links = new List<(int From, int Next)> { default };
        for (var from = 0; from < states.Length; from++)
        {
            Link(states[from].Target, from);
            Link(states[from].Second, from);
        }

        // Backwards from the accepting state, free steps before those over a byte.
        var distances = new int[states.Length];
        Array.Fill(distances, Unreachable);
        distances[Accept] = 0;
        var queue = new LinkedList<int>([Accept]);
        while (queue.First is { } first)
        {
            queue.RemoveFirst();
            var to = first.Value;
            for (var link = heads[to]; link != 0; link = links[link].Next)
            {
                var from = links[link].From;
                var distance = distances[to] + (states[from].IsByte ? 1 : 0);
                if (distance < distances[from])
                {
                    distances[from] = distance;
                    if (states[from].IsByte)
                    {
                        queue.AddLast(from);
                    }
                    else
                    {
                        queue.AddFirst(from);
                    }
                }
            }
        }

        return distances;

        void Link(int to, int from)
        {
            if (to >= 0 && from != Accept)
            {
                links.Add((from, heads[to]));
                heads[to] = links.Count - 1;
            }
        }
    }
}
