using System.Globalization;

namespace Crescent.Text.Grammars;

/// <summary>A bound of a number.</summary>
internal readonly record struct NumberBound(decimal Value, bool IsExclusive);

/// <summary>Numbers between bounds, digit by digit: exact for all digits that a number here may have. No exponents where there is a bound.</summary>
internal static class NumberRanges
{
    /// <summary>Most digits of a whole number.</summary>
    public const int MaxDigits = 15;

    /// <summary>Most digits after the point.</summary>
    public const int MaxFraction = 15;

    private static readonly Expression s_digit = Expression.Class(('0', '9'));

    /// <param name="fraction">Most digits after the point; 0 for whole numbers.</param>
    public static Expression Build(NumberBound? low, NumberBound? high, int fraction)
    {
        var options = new List<Expression>();
        if (high is not { } top || top.Value >= 0)
        {
            options.Add(NotNegative(low is { Value: >= 0 } ? low.Value : new NumberBound(0, false), high, fraction));
        }

        if (low is not { } bottom || bottom.Value < 0)
        {
            // Its size lies between the size of the upper bound and that of the lower one; -0 is left out.
            var least = high is { Value: <= 0 } ? new NumberBound(-high.Value.Value, high.Value.IsExclusive || high.Value.Value == 0) : new NumberBound(0, true);
            var most = low is { } limit ? new NumberBound(-limit.Value, limit.IsExclusive) : (NumberBound?)null;
            options.Add(Expression.Sequence(Expression.Text("-"), NotNegative(least, most, fraction)));
        }

        return Expression.Choice([.. options]);
    }

    private static Expression NotNegative(NumberBound low, NumberBound? high, int fraction)
    {
        var most = high ?? new NumberBound((decimal)Math.Pow(10, MaxDigits), true);
        if (low.Value > most.Value)
        {
            return Expression.Choice();
        }

        var (lowWhole, highWhole) = (Math.Floor(low.Value), Math.Floor(most.Value));
        var (lowDigits, highDigits) = (Fraction(low.Value - lowWhole), Fraction(most.Value - highWhole));
        if (lowWhole == highWhole)
        {
            return Expression.Sequence(Whole(lowWhole), Tail(lowDigits, low.IsExclusive, highDigits, most.IsExclusive, fraction));
        }

        var options = new List<Expression>
        {
            Expression.Sequence(Whole(lowWhole), Tail(lowDigits, low.IsExclusive, null, false, fraction)),
            Expression.Sequence(Whole(highWhole), Tail("", false, highDigits, most.IsExclusive, fraction)),
        };
        if (lowWhole + 1 <= highWhole - 1)
        {
            options.Add(Expression.Sequence(Wholes(lowWhole + 1, highWhole - 1), AnyTail(fraction)));
        }

        return Expression.Choice([.. options]);
    }

    private static Expression Whole(decimal value) => Expression.Text(value.ToString("0", CultureInfo.InvariantCulture));

    // Digits after the point, without zeros at the end.
    private static string Fraction(decimal value) => value == 0 ? "" : value.ToString("0.############################", CultureInfo.InvariantCulture)[2..];

    // The point and what follows it, or nothing; between the two fractions, high null for no limit.
    private static Expression Tail(string low, bool lowExclusive, string? high, bool highExclusive, int fraction)
    {
        if (high is not null && (string.CompareOrdinal(low, high) > 0 || (low == high && (lowExclusive || highExclusive))))
        {
            return Expression.Choice();
        }

        var none = low.Length == 0 && !lowExclusive && !(high == "" && highExclusive);
        var some = fraction > 0 ? Expression.Sequence(Expression.Text("."), Digits(low, lowExclusive, high, highExclusive, fraction, isFirst: true)) : Expression.Choice();
        return none ? Expression.Choice(Expression.Nothing, some) : some;
    }

    private static Expression AnyTail(int fraction) =>
        fraction == 0 ? Expression.Nothing : Expression.Optional(Expression.Sequence(Expression.Text("."), Expression.Repeat(s_digit, 1, fraction)));

    // Digits that follow those already equal to both bounds' (or to one's, where the other is free: low "" and not exclusive, high null).
    private static Expression Digits(string low, bool lowExclusive, string? high, bool highExclusive, int left, bool isFirst)
    {
        var (freeLow, freeHigh) = (low.Length == 0 && !lowExclusive, high is null);
        if (freeLow && freeHigh)
        {
            return Expression.Repeat(s_digit, isFirst ? 1 : 0, Math.Max(left, isFirst ? 1 : 0));
        }

        var options = new List<Expression>();
        // The end: zeros without end follow.
        if (!isFirst && freeLow && !(high!.Length == 0 && highExclusive))
        {
            options.Add(Expression.Nothing);
        }

        if (left > 0)
        {
            var (least, most) = (low.Length > 0 ? low[0] : '0', high is null ? '9' : high.Length > 0 ? high[0] : '0');
            for (var digit = least; digit <= most; digit++)
            {
                var (atLow, atHigh) = (digit == least && !freeLow, digit == most && !freeHigh);
                var nextLow = atLow ? low.Length > 0 ? low[1..] : "" : "";
                var nextHigh = atHigh ? high!.Length > 0 ? high[1..] : "" : null;
                var rest = Digits(nextLow, atLow && lowExclusive, nextHigh, highExclusive, left - 1, isFirst: false);
                options.Add(Expression.Sequence(Expression.Text(digit.ToString()), rest));
            }
        }

        return Expression.Choice([.. options]);
    }

    // Whole numbers of one to many digits, both ends included.
    private static Expression Wholes(decimal low, decimal high)
    {
        var options = new List<Expression>();
        for (var start = low; start <= high;)
        {
            var digits = start.ToString("0", CultureInfo.InvariantCulture);
            var end = Math.Min(high, (decimal)Math.Pow(10, digits.Length) - 1);
            options.Add(Between(digits, end.ToString("0", CultureInfo.InvariantCulture)));
            start = end + 1;
        }

        return Expression.Choice([.. options]);
    }

    // Digit strings of one length.
    private static Expression Between(string low, string high)
    {
        if (low.All(digit => digit == '0') && high.All(digit => digit == '9'))
        {
            return Expression.Repeat(s_digit, low.Length, low.Length);
        }

        if (low[0] == high[0])
        {
            return Expression.Sequence(Expression.Text(low[..1]), low.Length == 1 ? Expression.Nothing : Between(low[1..], high[1..]));
        }

        if (low.Length == 1)
        {
            return Expression.Class((low[0], high[0]));
        }

        var rest = low.Length - 1;
        var options = new List<Expression>
        {
            Expression.Sequence(Expression.Text(low[..1]), Between(low[1..], new string('9', rest))),
            Expression.Sequence(Expression.Text(high[..1]), Between(new string('0', rest), high[1..])),
        };
        if (low[0] + 1 < high[0])
        {
            options.Add(Expression.Sequence(Expression.Class((low[0] + 1, high[0] - 1)), Expression.Repeat(s_digit, rest, rest)));
        }

        return Expression.Choice([.. options]);
    }
}
