using System.Text.Json;

namespace Crescent.Text.Grammars;

/// <summary>Strings and numbers of a schema.</summary>
internal static class SchemaScalars
{
    private const int LargestStep = 1000;

    private static readonly Expression s_integer = RegexParser.ParseWhole("-?(0|[1-9][0-9]{0,14})");
    private static readonly Expression s_number = RegexParser.ParseWhole("-?(0|[1-9][0-9]{0,14})(\\.[0-9]{1,15})?([eE][+-]?[0-9]{1,2})?");
    private static readonly Expression s_quote = Expression.Text("\"");

    /// <summary>A string with its quotation marks.</summary>
    public static Expression String(IReadOnlyList<SchemaPart> parts)
    {
        var least = parts.Max(part => part.Count("minLength") ?? 0);
        var most = parts.Min(part => part.Count("maxLength"));
        if (least > JsonStringLexeme.MaxLeast || most < least)
        {
            throw new ArgumentException($"JSON schema, #{parts[0].Pointer}: no string has at least {least} and at most {most ?? JsonStringLexeme.MaxLimit} characters (the most that may be asked for is {JsonStringLexeme.MaxLeast})");
        }

        var contents = Contents(parts).ToList();
        if (contents.Count == 0)
        {
            return new LexemeExpression(new JsonStringLexeme(least, most > JsonStringLexeme.MaxLimit ? null : most));
        }

        if (least > 0 || most is not null)
        {
            contents.Add(JsonText.Escape(new RepeatExpression(new CharactersExpression(CodePointSet.All), least, most)));
        }

        var quoted = contents.Select(content => Expression.Sequence(s_quote, content, s_quote)).ToArray();
        if (quoted.Length == 1)
        {
            return quoted[0];
        }

        try
        {
            return new LexemeExpression(Checked(parts, quoted.Select(content => NfaBuilder.Build(content)).Aggregate(NfaIntersection.Build)));
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentException($"JSON schema, #{parts[0].Pointer}: {exception.Message}", exception);
        }
    }

    /// <param name="isWhole">Without a fraction.</param>
    public static Expression Number(IReadOnlyList<SchemaPart> parts, bool isWhole)
    {
        var (low, high) = (Bound(parts, isLow: true), Bound(parts, isLow: false));
        var step = Step(parts);
        isWhole |= step is { } whole && whole == Math.Floor(whole);
        var fraction = isWhole ? 0 : step is { } part ? Decimals(parts, part) : NumberRanges.MaxFraction;
        if (low is null && high is null && step is null)
        {
            return isWhole ? s_integer : s_number;
        }

        var range = NumberRanges.Build(low, high, fraction);
        if (step is null or 1 || !isWhole)
        {
            return range;
        }

        return new LexemeExpression(Checked(parts, NfaIntersection.Build(NfaBuilder.Build(range), Multiples((int)step.Value))));
    }

    private static NfaLexeme Checked(IReadOnlyList<SchemaPart> parts, Nfa nfa) =>
        new NfaLexeme(nfa) is { IsEmpty: false } lexeme ? lexeme : throw new ArgumentException($"JSON schema, #{parts[0].Pointer}: no value fits all that is asked for");

    private static IEnumerable<Expression> Contents(IReadOnlyList<SchemaPart> parts)
    {
        foreach (var part in parts)
        {
            if (part.Get("pattern", JsonValueKind.String) is { } pattern)
            {
                Expression content;
                try
                {
                    content = RegexParser.ParseSearch(pattern.GetString()!);
                }
                catch (NotSupportedException exception)
                {
                    throw part.Unsupported("pattern", exception.Message);
                }
                catch (ArgumentException exception)
                {
                    throw new ArgumentException($"JSON schema, #{part.Pointer}/pattern: {exception.Message}", exception);
                }

                yield return JsonText.Escape(content);
            }

            if (part.Get("format", JsonValueKind.String) is { } format && StringFormats.Find(format.GetString()!) is { } known)
            {
                yield return JsonText.Escape(known);
            }
        }
    }

    // The tightest of the parts' bounds; null where a bound lies beyond all digits that a number here has.
    private static NumberBound? Bound(IReadOnlyList<SchemaPart> parts, bool isLow)
    {
        var (keyword, exclusive) = isLow ? ("minimum", "exclusiveMinimum") : ("maximum", "exclusiveMaximum");
        NumberBound? tightest = null;
        foreach (var part in parts)
        {
            // Up to draft 4 exclusiveMinimum was a switch for minimum.
            var isSwitch = part.Get(exclusive)?.ValueKind is JsonValueKind.True or JsonValueKind.False;
            if (part.Get(keyword, JsonValueKind.Number) is { } value)
            {
                tightest = Tighter(tightest, Read(part, keyword, value, part.Get(exclusive)?.ValueKind == JsonValueKind.True, isLow), isLow);
            }

            if (!isSwitch && part.Get(exclusive, JsonValueKind.Number) is { } bound)
            {
                tightest = Tighter(tightest, Read(part, exclusive, bound, isExclusive: true, isLow), isLow);
            }
        }

        return tightest;
    }

    private static NumberBound? Read(SchemaPart part, string keyword, JsonElement value, bool isExclusive, bool isLow)
    {
        var size = value.GetDouble();
        if (Math.Abs(size) < Math.Pow(10, NumberRanges.MaxDigits))
        {
            return value.TryGetDecimal(out var bound) ? new NumberBound(bound, isExclusive) : throw part.Malformed(keyword, "number of at most 28 digits");
        }

        return size < 0 == isLow ? null : throw part.Unsupported(keyword, $"numbers have at most {NumberRanges.MaxDigits} digits before the point here");
    }

    private static NumberBound? Tighter(NumberBound? first, NumberBound? second, bool isLow)
    {
        if (first is not { } left || second is not { } right)
        {
            return first ?? second;
        }

        return left.Value == right.Value ? new NumberBound(left.Value, left.IsExclusive || right.IsExclusive) : left.Value > right.Value == isLow ? first : second;
    }

    private static decimal? Step(IReadOnlyList<SchemaPart> parts)
    {
        decimal? step = null;
        foreach (var part in parts)
        {
            if (part.Get("multipleOf", JsonValueKind.Number) is { } value)
            {
                var isKept = value.TryGetDecimal(out var number) && number > 0 && (number <= LargestStep && number == Math.Floor(number) || number < 1);
                step = isKept && (step is null || step == number)
                    ? number
                    : throw part.Unsupported("multipleOf", $"whole numbers up to {LargestStep} and 0.1, 0.01, … are supported, one a value");
            }
        }

        return step;
    }

    private static int Decimals(IReadOnlyList<SchemaPart> parts, decimal step)
    {
        for (var (digits, power) = (1, 0.1m); digits <= NumberRanges.MaxFraction; digits++, power /= 10)
        {
            if (step == power)
            {
                return digits;
            }
        }

        throw new NotSupportedException($"JSON schema, #{parts[0].Pointer}/multipleOf: whole numbers up to {LargestStep} and 0.1, 0.01, … are supported, found {step}");
    }

    // Whole numbers that a step divides: a state a remainder.
    private static Nfa Multiples(int step)
    {
        // 0 accepts, 1 the sign or nothing, 2 after the sign, from 3 ten states for each remainder's digits.
        var states = new List<NfaState> { new(false, 0, 0, -1, -1) };
        var heads = new int[step];
        for (var remainder = 0; remainder < step; remainder++)
        {
            heads[remainder] = states.Count;
            for (var digit = 0; digit < 10; digit++)
            {
                states.Add(default);
                states.Add(default);
            }

            states.Add(default);
        }

        for (var remainder = 0; remainder < step; remainder++)
        {
            for (var digit = 0; digit < 10; digit++)
            {
                var at = heads[remainder] + (2 * digit);
                states[at] = new NfaState(false, 0, 0, at + 1, at + 2);
                states[at + 1] = new NfaState(true, (byte)('0' + digit), (byte)('0' + digit), heads[((remainder * 10) + digit) % step], -1);
            }

            states[heads[remainder] + 20] = new NfaState(false, 0, 0, remainder == 0 ? Nfa.Accept : -1, -1);
        }

        states.Add(new NfaState(true, (byte)'-', (byte)'-', heads[0], -1));
        states.Add(new NfaState(false, 0, 0, states.Count - 1, heads[0]));
        return new Nfa([.. states], states.Count - 1);
    }
}
