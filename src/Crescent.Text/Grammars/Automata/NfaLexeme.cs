namespace Crescent.Text.Grammars;

/// <summary>
/// An <see cref="Nfa"/> made deterministic as far as it is walked: a state is a set of its states, created when first reached. So no expression costs more than the
/// bytes that are tried on it.
/// </summary>
internal sealed class NfaLexeme : Lexeme
{
    private const int Unknown = -2;

    private const int MaxStates = 1 << 18;

    private readonly Lock _lock = new();
    private readonly NfaState[] _nfa;
    private readonly int[] _distances;                // [nfa states], bytes to the end
    private readonly byte[] _classes = new byte[256]; // bytes that no edge tells apart share a class
    private readonly List<byte> _representatives = [];
    private readonly Dictionary<int[], int> _ids = new(new IntegersComparer());
    private readonly int[] _seen;                     // [nfa states], the round in which a state was last added
    private readonly List<int> _members = [];
    private readonly Stack<int> _open = new();
    private State[] _states = new State[16];
    private int _count;
    private int _round;

    public NfaLexeme(Nfa nfa, string? key = null)
    {
        Key = key;
        _nfa = nfa.States;
        _distances = nfa.Distances();
        _seen = new int[_nfa.Length];
        FindClasses();
        _round++;
        Close(nfa.Start);
        IsEmpty = _members.Count == 0;
        Start = Intern();
    }

    public override string? Key { get; }

    public override int Start { get; }

    /// <summary>Whether nothing at all matches.</summary>
    public bool IsEmpty { get; }

    public override int Next(int state, byte value)
    {
        var row = Volatile.Read(ref _states)[state].Row;
        var next = Volatile.Read(ref row[_classes[value]]);
        return next == Unknown ? Create(state, _classes[value]) : next;
    }

    public override bool IsAccepting(int state) => Volatile.Read(ref _states)[state].Distance == 0;

    public override bool IsFinal(int state) => Volatile.Read(ref _states)[state].Members is [Nfa.Accept];

    public override int Distance(int state) => Volatile.Read(ref _states)[state].Distance;

    public override byte WayOut(int state)
    {
        var (members, distance) = (Volatile.Read(ref _states)[state].Members, Distance(state));
        foreach (var member in members)
        {
            if (_distances[member] == distance)
            {
                return _nfa[member].Low;
            }
        }

        throw new InvalidOperationException("an accepting state has no way to go");
    }

    private int Create(int state, int byteClass)
    {
        lock (_lock)
        {
            var row = _states[state].Row;
            if (row[byteClass] != Unknown)
            {
                return row[byteClass];
            }

            _round++;
            _members.Clear();
            var value = _representatives[byteClass];
            foreach (var member in _states[state].Members)
            {
                if (_nfa[member].IsByte && _nfa[member].Low <= value && value <= _nfa[member].High)
                {
                    Close(_nfa[member].Target);
                }
            }

            var next = _members.Count == 0 ? -1 : Intern();
            Volatile.Write(ref row[byteClass], next);
            return next;
        }
    }

    // Adds what is reached by free steps: states with a byte to read, and the accepting one.
    private void Close(int start)
    {
        _open.Push(start);
        while (_open.TryPop(out var state))
        {
            if (state < 0 || _seen[state] == _round || _distances[state] >= Nfa.Unreachable)
            {
                continue;
            }

            _seen[state] = _round;
            if (_nfa[state].IsByte || state == Nfa.Accept)
            {
                _members.Add(state);
            }
            else
            {
                _open.Push(_nfa[state].Second);
                _open.Push(_nfa[state].Target);
            }
        }
    }

    private int Intern()
    {
        _members.Sort();
        int[] members = [.. _members];
        if (_ids.TryGetValue(members, out var id))
        {
            return id;
        }

        if (_count == MaxStates)
        {
            throw new ArgumentException($"an expression is too ambiguous: reading it took more than {MaxStates} sets of states");
        }

        if (_count == _states.Length)
        {
            var larger = new State[_count * 2];
            _states.CopyTo(larger, 0);
            Volatile.Write(ref _states, larger);
        }

        var row = new int[_representatives.Count];
        Array.Fill(row, Unknown);
        _states[_count] = new State(members, row, members.Length == 0 ? Nfa.Unreachable : members.Min(member => _distances[member]));
        _ids.Add(members, _count);
        return _count++;
    }

    private void FindClasses()
    {
        var starts = new bool[257];
        starts[0] = true;
        foreach (var state in _nfa.Where(state => state.IsByte))
        {
            starts[state.Low] = true;
            starts[state.High + 1] = true;
        }

        for (var value = 0; value < 256; value++)
        {
            if (starts[value])
            {
                _representatives.Add((byte)value);
            }

            _classes[value] = (byte)(_representatives.Count - 1);
        }
    }

    private sealed record State(int[] Members, int[] Row, int Distance);

    private sealed class IntegersComparer : IEqualityComparer<int[]>
    {
        public bool Equals(int[]? first, int[]? second) => first.AsSpan().SequenceEqual(second);

        public int GetHashCode(int[] values)
        {
            var hash = new HashCode();
            foreach (var value in values)
            {
                hash.Add(value);
            }

            return hash.ToHashCode();
        }
    }
}
