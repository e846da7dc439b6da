using System.Diagnostics.CodeAnalysis;

namespace Crescent.Text.Grammars;

/// <summary>
/// Sets of places in a grammar, moved byte by byte. Sets lie one after the other in one list; whoever needs one no longer cuts the list back. Nothing is allocated once the
/// list and the stacks have grown. Not thread-safe; one an answer.
/// </summary>
internal sealed class GrammarReading(CompiledGrammar grammar)
{
    /// <summary>Most places of one set.</summary>
    private const int MaxConfigs = 1024;

    private readonly GrammarFrames _frames = new();
    private readonly Stack<(int Node, int Frame)> _open = new(64);
    private readonly List<(int Node, int Frame)> _seen = new(64);
    private GrammarConfig[] _configs = new GrammarConfig[256];

    /// <summary>Places in all sets.</summary>
    public int Count { get; private set; }

    public GrammarConfig this[int index] => _configs[index];

    /// <summary>Drops the sets from an index on.</summary>
    public void CutBack(int count) => Count = count;

    /// <summary>Drops all before the last set, which begins at an index.</summary>
    public void KeepFrom(int start)
    {
        _configs.AsSpan(start, Count - start).CopyTo(_configs);
        Count -= start;
    }

    /// <summary>Fewest tokens to the end of the text from a place; tokens of the stop not counted.</summary>
    public int Cost(GrammarConfig config) => config.Reader switch
    {
        GrammarConfig.Complete => 0,
        < GrammarConfig.Complete => 1 + CostAfter(config),
        _ => grammar.Lexemes[config.Reader].Cost(config.State) + CostAfter(config),
    };

    /// <summary>Fewest tokens from the end of the lexeme or marker to the end of the text.</summary>
    public int CostAfter(GrammarConfig config) => grammar.Costs[config.Next] + _frames.Cost(config.Frame);

    /// <summary>The least cost of a set.</summary>
    public int Cost(int start, int end)
    {
        var least = Nfa.Unreachable;
        for (var i = start; i < end; i++)
        {
            least = Math.Min(least, Cost(_configs[i]));
        }

        return least;
    }

    /// <summary>Appends the set of the beginning.</summary>
    public void Begin()
    {
        _seen.Clear();
        Expand(grammar.Root, GrammarFrames.Bottom, Count);
    }

    /// <summary>Appends the set that follows a place's lexeme or marker.</summary>
    public void Leave(GrammarConfig config)
    {
        _seen.Clear();
        Expand(config.Next, config.Frame, Count);
    }

    /// <summary>Appends the set after a byte; an empty one where it does not fit.</summary>
    public void Advance(int start, int end, byte value)
    {
        var first = Count;
        _seen.Clear();
        for (var i = start; i < end; i++)
        {
            var config = _configs[i];
            if (config.Reader < 0)
            {
                continue;
            }

            var lexeme = grammar.Lexemes[config.Reader].Lexeme;
            var state = lexeme.Next(config.State, value);
            if (state < 0)
            {
                continue;
            }

            if (!lexeme.IsFinal(state))
            {
                Add(config with { State = state }, first);
            }

            if (lexeme.IsAccepting(state))
            {
                Expand(config.Next, config.Frame, first);
            }
        }
    }

    /// <summary>Appends the set after a token without bytes; an empty one where it does not fit.</summary>
    public void AdvanceMarker(int start, int end, int token)
    {
        var first = Count;
        _seen.Clear();
        for (var i = start; i < end; i++)
        {
            var config = _configs[i];
            if (config.Reader < GrammarConfig.Complete && grammar.Markers[config.Markers].Contains(token))
            {
                Expand(config.Next, config.Frame, first);
            }
            else if (config.Reader >= 0 && grammar.Lexemes[config.Reader].Lexeme.Markers.Contains(token))
            {
                Add(config, first);
                if (grammar.Lexemes[config.Reader].Lexeme.IsAccepting(config.State))
                {
                    Expand(config.Next, config.Frame, first);
                }
            }
        }
    }

    // Adds the places that are reached without reading. Ways that never end are left out, so whatever is in a set can be completed.
    private void Expand(int node, int frame, int first)
    {
        Open(node, frame);
        while (_open.TryPop(out var place))
        {
            var at = grammar.Nodes[place.Node];
            switch (at.Kind)
            {
                case GrammarNodeKind.Return when place.Frame == GrammarFrames.Bottom:
                    Add(new GrammarConfig(GrammarConfig.Complete, 0, -1, GrammarFrames.Bottom), first);
                    break;
                case GrammarNodeKind.Return:
                    Open(_frames.Node(place.Frame), _frames.Below(place.Frame));
                    break;
                case GrammarNodeKind.Choice:
                    for (var i = at.Options!.Length - 1; i >= 0; i--)
                    {
                        Open(at.Options[i], place.Frame);
                    }

                    break;
                case GrammarNodeKind.Call:
                    // A call at the end of a rule needs no place to return to.
                    Open(grammar.Entries[at.Value], at.Next == 0 ? place.Frame : _frames.Push(at.Next, place.Frame, grammar.Costs[at.Next]));
                    break;
                case GrammarNodeKind.Markers:
                    Add(new GrammarConfig(-2 - at.Value, 0, at.Next, place.Frame), first);
                    break;
                default:
                    Read(at, place.Frame, first);
                    break;
            }
        }
    }

    private void Read(GrammarNode node, int frame, int first)
    {
        var lexeme = grammar.Lexemes[node.Value].Lexeme;
        if (!lexeme.IsFinal(lexeme.Start))
        {
            Add(new GrammarConfig(node.Value, lexeme.Start, node.Next, frame), first);
        }

        if (lexeme.IsAccepting(lexeme.Start))
        {
            Open(node.Next, frame);
        }
    }

    private void Open(int node, int frame)
    {
        if (grammar.Costs[node] < Nfa.Unreachable && !_seen.Contains((node, frame)))
        {
            _seen.Add((node, frame));
            _open.Push((node, frame));
        }
    }

    private void Add(GrammarConfig config, int first)
    {
        if (_configs.AsSpan(first, Count - first).Contains(config))
        {
            return;
        }

        if (Count - first == MaxConfigs)
        {
            _open.Clear();
            ThrowAmbiguous();
        }

        if (Count == _configs.Length)
        {
            Array.Resize(ref _configs, Count * 2);
        }

        _configs[Count++] = config;
    }

    [DoesNotReturn]
    private static void ThrowAmbiguous() =>
        throw new NotSupportedException($"the grammar is too ambiguous: a text can be read in more than {MaxConfigs} ways at once");
}
