namespace Crescent.Text.Grammars;

/// <summary>An anchor while a regular expression is read; none is left after <see cref="RegexAnchors.Resolve"/>.</summary>
internal sealed class RegexAnchor : Expression
{
    public static RegexAnchor Start { get; } = new();

    public static RegexAnchor End { get; } = new();
}

/// <summary>Turns anchors at the ends of alternatives into the absence of text before or after them.</summary>
internal static class RegexAnchors
{
    /// <param name="around">What may stand before and after where there is no anchor.</param>
    /// <exception cref="NotSupportedException">An anchor stands inside.</exception>
    public static Expression Resolve(Expression expression, Expression around, string pattern) => Resolve(expression, around, around, pattern);

    // Before and after are null where other parts of the pattern stand there.
    private static Expression Resolve(Expression expression, Expression? before, Expression? after, string pattern)
    {
        if (!Contains(expression))
        {
            return Expression.Sequence([.. before is null ? [] : new[] { before }, expression, .. after is null ? [] : new[] { after }]);
        }

        return expression switch
        {
            ChoiceExpression choice => Expression.Choice([.. choice.Options.Select(option => Resolve(option, before, after, pattern))]),
            SequenceExpression sequence => Sequence([.. sequence.Items], before, after, pattern),
            RegexAnchor => Sequence([expression], before, after, pattern),
            _ => throw new NotSupportedException($"regular expression '{pattern}': an anchor in a repetition is not supported"),
        };
    }

    private static SequenceExpression Sequence(List<Expression> items, Expression? before, Expression? after, string pattern)
    {
        while (items is [RegexAnchor first, ..] && first == RegexAnchor.Start && before is not null)
        {
            items.RemoveAt(0);
            before = Expression.Nothing;
        }

        while (items is [.., RegexAnchor last] && last == RegexAnchor.End && after is not null)
        {
            items.RemoveAt(items.Count - 1);
            after = Expression.Nothing;
        }

        if (items.Any(item => item is RegexAnchor))
        {
            throw new NotSupportedException($"regular expression '{pattern}': an anchor inside is not supported, only at the ends");
        }

        if (items.Count == 0)
        {
            return new SequenceExpression([before ?? Expression.Nothing, after ?? Expression.Nothing]);
        }

        return new SequenceExpression(
            [.. items.Select((item, index) => Resolve(item, index == 0 ? before : null, index == items.Count - 1 ? after : null, pattern))]);
    }

    private static bool Contains(Expression expression) => expression switch
    {
        RegexAnchor => true,
        ChoiceExpression choice => choice.Options.Any(Contains),
        SequenceExpression sequence => sequence.Items.Any(Contains),
        RepeatExpression repeat => Contains(repeat.Item),
        _ => false,
    };
}
