using System.Text;
using Crescent.Text.Grammars;

namespace Crescent.Text.Tests.Grammars;

/// <summary>
/// Reads a grammar by its definition, one byte at a time, with lists of what is still to come; no automata, no masks. Slow, and meant to be seen through.
/// </summary>
internal sealed class ReferenceMatcher
{
    private readonly Grammar _grammar;
    private readonly Dictionary<Expression, Expression> _tails; // one for each expression, so that equal rests are one
    private readonly List<Rest> _rests;

    public ReferenceMatcher(Grammar grammar)
        : this(grammar, [], [new Rest(grammar.Rules[grammar.Root].Expression, null)])
    {
    }

    private ReferenceMatcher(Grammar grammar, Dictionary<Expression, Expression> tails, IEnumerable<Rest?> rests)
    {
        _grammar = grammar;
        _tails = tails;
        var seen = new HashSet<Rest>();
        foreach (var rest in rests)
        {
            Open(rest, seen);
        }

        _rests = [.. seen];
    }

    public bool IsAlive => _rests.Count > 0 || IsComplete;

    public bool IsComplete { get; private set; }

    public ReferenceMatcher Read(ReadOnlySpan<byte> bytes)
    {
        var matcher = this;
        foreach (var value in bytes)
        {
            matcher = new ReferenceMatcher(_grammar, _tails, [.. matcher._rests.SelectMany(rest => Step(rest, value))]);
        }

        return matcher;
    }

    public static bool Matches(Grammar grammar, string text) => new ReferenceMatcher(grammar).Read(Encoding.UTF8.GetBytes(text)).IsComplete;

    // Rests that begin with something to read.
    private void Open(Rest? rest, HashSet<Rest> seen)
    {
        switch (rest?.First)
        {
            case null:
                IsComplete = true;
                break;
            case SequenceExpression { Items.Count: 0 }:
            case BytesExpression { Bytes.Length: 0 }:
                Open(rest.Next, seen);
                break;
            case SequenceExpression sequence:
                Open(new Rest(sequence.Items[0], new Rest(Tail(sequence, () => new SequenceExpression([.. sequence.Items.Skip(1)])), rest.Next)), seen);
                break;
            case ChoiceExpression choice:
                foreach (var option in choice.Options)
                {
                    Open(new Rest(option, rest.Next), seen);
                }

                break;
            case RepeatExpression repeat:
                if (repeat.Least <= 0)
                {
                    Open(rest.Next, seen);
                }

                if (repeat.Most is not <= 0)
                {
                    Open(new Rest(repeat.Item, new Rest(Tail(repeat, () => repeat is { Least: <= 0, Most: null } ? repeat : new RepeatExpression(repeat.Item, repeat.Least - 1, repeat.Most - 1)), rest.Next)), seen);
                }

                break;
            case RuleExpression rule:
                Open(new Rest(_grammar.Rules[rule.Rule].Expression, rest.Next), seen);
                break;
            default:
                seen.Add(rest);
                break;
        }
    }

    private IEnumerable<Rest?> Step(Rest rest, byte value)
    {
        switch (rest.First)
        {
            case BytesExpression bytes when bytes.Bytes[0] == value:
                yield return new Rest(Tail(bytes, () => new BytesExpression(bytes.Bytes[1..])), rest.Next);
                break;
            case CharactersExpression characters:
                foreach (var (low, high) in characters.Set.Ranges)
                {
                    // All characters of the range whose first byte it is: what remains of each.
                    foreach (var remains in Remains(low, high, value))
                    {
                        yield return remains.Length == 0 ? rest.Next : new Rest(new BytesExpression(remains), rest.Next);
                    }
                }

                break;
            case LexemeExpression lexeme:
                var state = lexeme.Lexeme.Next(lexeme.Lexeme.Start, value);
                if (state >= 0)
                {
                    yield return new Rest(new LexemeExpression(new Continued(lexeme.Lexeme, state)), rest.Next);
                    if (lexeme.Lexeme.IsAccepting(state))
                    {
                        yield return rest.Next;
                    }
                }

                break;
        }
    }

    private Expression Tail(Expression expression, Func<Expression> create)
    {
        if (!_tails.TryGetValue(expression, out var tail))
        {
            _tails.Add(expression, tail = create());
        }

        return tail;
    }

    private static IEnumerable<byte[]> Remains(int low, int high, byte first)
    {
        for (var codePoint = low; codePoint <= Math.Min(high, 0x7FF); codePoint++)
        {
            var bytes = Encoding.UTF8.GetBytes(new Rune(codePoint).ToString());
            if (bytes[0] == first)
            {
                yield return bytes[1..];
            }
        }

        // Beyond the small vocabularies of these tests.
        Assert.True(high <= 0x7FF || first < 0xE0, "the reference matcher reads characters of up to two bytes");
    }

    private sealed record Rest(Expression First, Rest? Next);

    private sealed class Continued(Lexeme lexeme, int start) : Lexeme
    {
        public override int Start => start;

        public override int Next(int state, byte value) => lexeme.Next(state, value);

        public override bool IsAccepting(int state) => lexeme.IsAccepting(state);

        public override bool IsFinal(int state) => lexeme.IsFinal(state);

        public override int Distance(int state) => lexeme.Distance(state);

        public override byte WayOut(int state) => lexeme.WayOut(state);
    }
}
