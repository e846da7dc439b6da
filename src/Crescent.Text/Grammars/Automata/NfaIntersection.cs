namespace Crescent.Text.Grammars;

/// <summary>Texts that two automata both accept.</summary>
internal static class NfaIntersection
{
    /// <exception cref="ArgumentException">The automaton would be too large.</exception>
    public static Nfa Build(Nfa first, Nfa second)
    {
        var states = new List<NfaState> { new(false, 0, 0, -1, -1) };
        var ids = new Dictionary<(int, int), int> { [(Nfa.Accept, Nfa.Accept)] = Nfa.Accept };
        var open = new Queue<(int First, int Second)>();
        var start = Id(first.Start, second.Start);
        while (open.TryDequeue(out var pair))
        {
            states[ids[pair]] = Step(first.States[pair.First], second.States[pair.Second], pair);
        }

        return new Nfa([.. states], start);

        // Free steps of the first, then of the second, then one byte of both.
        NfaState Step(NfaState left, NfaState right, (int First, int Second) pair)
        {
            if (!left.IsByte && pair.First != Nfa.Accept)
            {
                return new NfaState(false, 0, 0, Id(left.Target, pair.Second), Id(left.Second, pair.Second));
            }

            if (!right.IsByte && pair.Second != Nfa.Accept)
            {
                return new NfaState(false, 0, 0, Id(pair.First, right.Target), Id(pair.First, right.Second));
            }

            var (low, high) = (Math.Max(left.Low, right.Low), Math.Min(left.High, right.High));
            return left.IsByte && right.IsByte && low <= high
                ? new NfaState(true, low, high, Id(left.Target, right.Target), -1)
                : new NfaState(false, 0, 0, -1, -1);
        }

        int Id(int left, int right)
        {
            if (left < 0 || right < 0)
            {
                return -1;
            }

            if (!ids.TryGetValue((left, right), out var id))
            {
                if (states.Count == NfaBuilder.MaxStates)
                {
                    throw new ArgumentException($"a pattern together with its lengths or other patterns is too large: more than {NfaBuilder.MaxStates} states");
                }

                id = states.Count;
                ids.Add((left, right), id);
                states.Add(default);
                open.Enqueue((left, right));
            }

            return id;
        }
    }
}
