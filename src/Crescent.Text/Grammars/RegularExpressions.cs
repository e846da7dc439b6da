using System.Runtime.CompilerServices;

namespace Crescent.Text.Grammars;

/// <summary>Which expressions of a grammar have no recursion and are small enough to be one automaton.</summary>
internal sealed class RegularExpressions
{
    // States of an automaton, about; larger stretches are cut into several.
    public const long MostStates = 1 << 13;

    private const long TooLarge = long.MaxValue / 4;

    private readonly IReadOnlyList<GrammarRule> _rules;
    private readonly long[] _ruleSizes;   // 0 not known yet, −1 in the middle of it
    private readonly Dictionary<Expression, long> _sizes = [];

    public RegularExpressions(IReadOnlyList<GrammarRule> rules)
    {
        _rules = rules;
        _ruleSizes = new long[rules.Count];
        for (var rule = 0; rule < rules.Count; rule++)
        {
            RuleSize(rule);
        }
    }

    public bool IsLexeme(Expression expression) => Size(expression) <= MostStates;

    /// <summary>States it takes, about; far above <see cref="MostStates"/> where it is recursive.</summary>
    public long Size(Expression expression)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (_sizes.TryGetValue(expression, out var known))
        {
            return known;
        }

        var size = expression switch
        {
            BytesExpression bytes => bytes.Bytes.Length,
            CharactersExpression characters => CharactersSize(characters.Set),
            SequenceExpression sequence => Sum(sequence.Items),
            ChoiceExpression choice => Sum(choice.Options),
            RepeatExpression repeat => RepeatSize(repeat),
            RuleExpression reference => RuleSize(reference.Rule),
            _ => TooLarge,
        };
        size = Math.Min(size, TooLarge);
        _sizes[expression] = size;
        return size;
    }

    private long RuleSize(int rule)
    {
        if (_ruleSizes[rule] == 0)
        {
            _ruleSizes[rule] = -1;
            _ruleSizes[rule] = Math.Max(1, Size(_rules[rule].Expression));
        }

        return _ruleSizes[rule] < 0 ? TooLarge : _ruleSizes[rule];
    }

    private long RepeatSize(RepeatExpression repeat)
    {
        var (size, count) = (Size(repeat.Item) + 1, Math.Max(1L, repeat.Most ?? repeat.Least + 1L));
        return size > TooLarge / count ? TooLarge : size * count;
    }

    private long Sum(IReadOnlyList<Expression> items)
    {
        var sum = 0L;
        foreach (var item in items)
        {
            sum = Math.Min(TooLarge, sum + Size(item) + 1);
        }

        return sum;
    }

    private static long CharactersSize(CodePointSet set) => set.Ranges is [] or [{ High: < 0x80 }] ? 1 : set.Ranges.Sum(range => range.High < 0x80 ? 1L : range.Low < 0x80 ? 12 : 8);
}
