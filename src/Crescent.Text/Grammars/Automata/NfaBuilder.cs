namespace Crescent.Text.Grammars;

/// <summary>Expressions without recursion, as an <see cref="Nfa"/> whose size is linear in that of the expression with its repetitions written out.</summary>
internal sealed class NfaBuilder
{
    /// <summary>Most states of one automaton.</summary>
    public const int MaxStates = 1 << 16;

    private readonly List<NfaState> _states = [new(false, 0, 0, -1, -1)];
    private readonly Dictionary<(byte, byte, int), int> _steps = [];
    private readonly Func<int, Expression> _rule;

    private NfaBuilder(Func<int, Expression> rule) => _rule = rule;

    /// <param name="rule">The right-hand side of a rule that the expression refers to; none of them may be recursive.</param>
    /// <exception cref="ArgumentException">The automaton would be too large.</exception>
    public static Nfa Build(Expression expression, Func<int, Expression>? rule = null)
    {
        var builder = new NfaBuilder(rule ?? (_ => throw new InvalidOperationException("a regular expression refers to no rules")));
        var start = builder.Add(expression, Nfa.Accept);
        return new Nfa([.. builder._states], start);
    }

    // Built from the end: the state that matches the expression and goes on at next.
    private int Add(Expression expression, int next)
    {
        switch (expression)
        {
            case BytesExpression bytes:
                for (var i = bytes.Bytes.Length - 1; i >= 0; i--)
                {
                    next = Step(bytes.Bytes[i], bytes.Bytes[i], next);
                }

                return next;
            case CharactersExpression characters:
                return Characters(characters.Set, next);
            case SequenceExpression sequence:
                for (var i = sequence.Items.Count - 1; i >= 0; i--)
                {
                    next = Add(sequence.Items[i], next);
                }

                return next;
            case ChoiceExpression choice:
                return Either([.. choice.Options.Select(option => Add(option, next))]);
            case RepeatExpression repeat:
                return Repeat(repeat, next);
            case RuleExpression reference:
                return Add(_rule(reference.Rule), next);
            default:
                throw new InvalidOperationException($"{expression.GetType().Name} is no regular expression");
        }
    }

    private int Repeat(RepeatExpression repeat, int next)
    {
        var end = next;
        if (repeat.Most is { } most)
        {
            for (var i = repeat.Least; i < most; i++)
            {
                next = State(new NfaState(false, 0, 0, Add(repeat.Item, next), end));
            }
        }
        else
        {
            var loop = State(default);
            _states[loop] = new NfaState(false, 0, 0, Add(repeat.Item, loop), end);
            next = loop;
        }

        for (var i = 0; i < repeat.Least; i++)
        {
            next = Add(repeat.Item, next);
        }

        return next;
    }

    private int Characters(CodePointSet set, int next)
    {
        var starts = new List<int>();
        foreach (var (low, high) in set.Ranges)
        {
            Utf8Ranges.Split(low, high, ranges =>
            {
                var state = next;
                for (var i = ranges.Length - 1; i >= 0; i--)
                {
                    state = Step(ranges[i].Low, ranges[i].High, state);
                }

                starts.Add(state);
            });
        }

        return Either(starts);
    }

    // A balanced tree of free steps; of none, a state that leads nowhere.
    private int Either(List<int> options)
    {
        if (options.Count == 0)
        {
            return State(new NfaState(false, 0, 0, -1, -1));
        }

        while (options.Count > 1)
        {
            var merged = new List<int>((options.Count + 1) / 2);
            for (var i = 0; i < options.Count; i += 2)
            {
                merged.Add(i + 1 < options.Count ? State(new NfaState(false, 0, 0, options[i], options[i + 1])) : options[i]);
            }

            options = merged;
        }

        return options[0];
    }

    private int Step(byte low, byte high, int next)
    {
        if (!_steps.TryGetValue((low, high, next), out var state))
        {
            state = State(new NfaState(true, low, high, next, -1));
            _steps.Add((low, high, next), state);
        }

        return state;
    }

    private int State(NfaState state)
    {
        if (_states.Count == MaxStates)
        {
            throw new ArgumentException($"an expression is too large: with its repetitions written out it has more than {MaxStates} states");
        }

        _states.Add(state);
        return _states.Count - 1;
    }
}
