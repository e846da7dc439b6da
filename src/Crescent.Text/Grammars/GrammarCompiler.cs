using System.Runtime.CompilerServices;

namespace Crescent.Text.Grammars;

/// <summary>Rules to nodes: stretches without recursion become one lexeme each, the rest calls and choices.</summary>
internal sealed class GrammarCompiler
{
    /// <summary>Most nodes of a grammar.</summary>
    public const int MaxNodes = 1 << 18;

    private readonly Grammar _grammar;
    private readonly GrammarVocabulary _vocabulary;
    private readonly RegularExpressions _regular;
    private readonly List<GrammarNode> _nodes = [new(GrammarNodeKind.Return)];
    private readonly List<LexemeMasks> _lexemes = [];
    private readonly List<IReadOnlyList<int>> _markers = [];
    private readonly Dictionary<Expression, int> _lexemeIds = [];
    private readonly Dictionary<string, int> _keyedLexemes = new(StringComparer.Ordinal);

    private GrammarCompiler(Grammar grammar, GrammarVocabulary vocabulary)
    {
        _grammar = grammar;
        _vocabulary = vocabulary;
        _regular = new RegularExpressions(grammar.Rules);
    }

    /// <exception cref="ArgumentException">A rule begins with itself, or no text ends it; or the grammar is too large.</exception>
    public static CompiledGrammar Compile(Grammar grammar, GrammarVocabulary vocabulary)
    {
        try
        {
            var compiler = new GrammarCompiler(grammar, vocabulary);
            var entries = new int[grammar.Rules.Count];
            for (var rule = 0; rule < entries.Length; rule++)
            {
                var isFolded = rule != grammar.Root && compiler._regular.IsLexeme(grammar.Rules[rule].Expression);
                entries[rule] = isFolded ? -1 : compiler.Emit(grammar.Rules[rule].Expression, 0);
            }

            return new CompiledGrammar(grammar, vocabulary, [.. compiler._nodes], entries, [.. compiler._lexemes], [.. compiler._markers]);
        }
        catch (InsufficientExecutionStackException exception)
        {
            throw new ArgumentException("the grammar is too large: its rules lie too deep within each other", exception);
        }
    }

    // The node that reads the expression and goes on at next.
    private int Emit(Expression expression, int next)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (_regular.IsLexeme(expression))
        {
            return Read(expression, next);
        }

        switch (expression)
        {
            case SequenceExpression sequence:
                return EmitSequence(sequence.Items, next);
            case ChoiceExpression choice:
                return Add(new GrammarNode(GrammarNodeKind.Choice, Options: [.. Merge(choice.Options).Select(option => Emit(option, next))]));
            case RepeatExpression repeat:
                return EmitRepeat(repeat, next);
            case RuleExpression reference:
                return Add(new GrammarNode(GrammarNodeKind.Call, reference.Rule, next));
            case LexemeExpression lexeme:
                return Add(new GrammarNode(GrammarNodeKind.Lexeme, Lexeme(lexeme), next));
            case TokenExpression tokens:
                _markers.Add(tokens.Ids);
                return Add(new GrammarNode(GrammarNodeKind.Markers, _markers.Count - 1, next));
            default:
                // A regular expression too large for one lexeme whose parts are not.
                return Read(expression, next);
        }
    }

    // Neighbours that fit into one lexeme together are read as one.
    private int EmitSequence(IReadOnlyList<Expression> items, int next)
    {
        for (var last = items.Count - 1; last >= 0;)
        {
            var first = last;
            var size = _regular.Size(items[last]);
            while (first > 0 && size + _regular.Size(items[first - 1]) < RegularExpressions.MostStates)
            {
                size += _regular.Size(items[--first]) + 1;
            }

            next = Emit(first == last ? items[last] : new SequenceExpression([.. items.Skip(first).Take(last - first + 1)]), next);
            last = first - 1;
        }

        return next;
    }

    // Options that are lexemes become one, so that few places need be kept apart.
    private List<Expression> Merge(IReadOnlyList<Expression> options)
    {
        var lexemes = options.Where(_regular.IsLexeme).ToArray();
        var merged = Expression.Choice(lexemes);
        return lexemes.Length > 1 && _regular.IsLexeme(merged) ? [merged, .. options.Except(lexemes)] : [.. options];
    }

    private int EmitRepeat(RepeatExpression repeat, int next)
    {
        var end = next;
        if (repeat.Most is { } most)
        {
            for (var i = repeat.Least; i < most; i++)
            {
                next = Add(new GrammarNode(GrammarNodeKind.Choice, Options: [Emit(repeat.Item, next), end]));
            }
        }
        else
        {
            var loop = Add(default);
            _nodes[loop] = new GrammarNode(GrammarNodeKind.Choice, Options: [Emit(repeat.Item, loop), end]);
            next = loop;
        }

        for (var i = 0; i < repeat.Least; i++)
        {
            next = Emit(repeat.Item, next);
        }

        return next;
    }

    private int Read(Expression expression, int next)
    {
        if (expression is SequenceExpression { Items.Count: 0 })
        {
            return next;
        }

        if (!_lexemeIds.TryGetValue(expression, out var id))
        {
            var lexeme = new NfaLexeme(NfaBuilder.Build(expression, rule => _grammar.Rules[rule].Expression));
            id = lexeme.IsEmpty ? -1 : _lexemes.Count;
            _lexemeIds.Add(expression, id);
            if (id >= 0)
            {
                _lexemes.Add(_vocabulary.Masks(lexeme));
            }
        }

        return id < 0 ? Add(new GrammarNode(GrammarNodeKind.Choice, Options: [])) : Add(new GrammarNode(GrammarNodeKind.Lexeme, id, next));
    }

    private int Lexeme(LexemeExpression expression)
    {
        if (_lexemeIds.TryGetValue(expression, out var id) || (expression.Lexeme.Key is { } key && _keyedLexemes.TryGetValue(key, out id)))
        {
            return id;
        }

        _lexemes.Add(_vocabulary.Masks(expression.Lexeme));
        _lexemeIds.Add(expression, _lexemes.Count - 1);
        if (expression.Lexeme.Key is { } name)
        {
            _keyedLexemes.Add(name, _lexemes.Count - 1);
        }

        return _lexemes.Count - 1;
    }

    private int Add(GrammarNode node)
    {
        if (_nodes.Count == MaxNodes)
        {
            throw new ArgumentException($"the grammar is too large: with its repetitions written out it has more than {MaxNodes} nodes");
        }

        _nodes.Add(node);
        return _nodes.Count - 1;
    }
}
