using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Crescent.Text.Grammars;

/// <summary>
/// Regular expressions of ECMAScript's dialect: groups, alternatives, classes with <c>\d \w \s \p{…}</c>, greedy and lazy repetition, anchors at the ends. Looking
/// around, back references, word boundaries and inline options are refused.
/// </summary>
internal sealed class RegexParser
{
    /// <summary>Most repetitions that a bound may name.</summary>
    public const int MaxRepetitions = 10_000;

    private readonly string _pattern;
    private int _at;

    private RegexParser(string pattern) => _pattern = pattern;

    /// <summary>Texts that match from beginning to end.</summary>
    public static Expression ParseWhole(string pattern) => RegexAnchors.Resolve(Parse(pattern), Expression.Nothing, pattern);

    /// <summary>Texts that contain a match, as JSON Schema's <c>pattern</c> means it: anchors tie it to the ends.</summary>
    public static Expression ParseSearch(string pattern) =>
        RegexAnchors.Resolve(Parse(pattern), new RepeatExpression(new CharactersExpression(CodePointSet.All), 0, null), pattern);

    private static Expression Parse(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        var parser = new RegexParser(pattern);
        Expression expression;
        try
        {
            expression = parser.Alternatives();
        }
        catch (InsufficientExecutionStackException exception)
        {
            throw new ArgumentException("the regular expression is nested too deep", exception);
        }

        return parser._at == pattern.Length ? expression : throw parser.Malformed("an opening parenthesis before this closing one");
    }

    private Expression Alternatives()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var options = new List<Expression> { Sequence() };
        while (Take('|'))
        {
            options.Add(Sequence());
        }

        return Expression.Choice([.. options]);
    }

    private SequenceExpression Sequence()
    {
        var items = new List<Expression>();
        while (_at < _pattern.Length && _pattern[_at] is not ('|' or ')'))
        {
            var item = Atom();
            items.Add(item is RegexAnchor ? item : Repetitions(item));
        }

        return new SequenceExpression(items);
    }

    private Expression Repetitions(Expression item)
    {
        while (TryBounds(out var least, out var most))
        {
            if (least > MaxRepetitions || most > MaxRepetitions || most < least)
            {
                throw Malformed($"bounds in order and at most {MaxRepetitions}");
            }

            // Lazy or greedy, the texts are the same.
            Take('?');
            if (_at < _pattern.Length && _pattern[_at] == '+')
            {
                throw Unsupported("possessive repetition");
            }

            item = Expression.Repeat(item, least, most);
        }

        return item;
    }

    private bool TryBounds(out int least, out int? most)
    {
        (least, most) = (0, null);
        if (Take('*'))
        {
            return true;
        }

        if (Take('+'))
        {
            least = 1;
            return true;
        }

        if (Take('?'))
        {
            most = 1;
            return true;
        }

        if (_at >= _pattern.Length || _pattern[_at] != '{')
        {
            return false;
        }

        var close = _pattern.IndexOf('}', _at);
        var bounds = close < 0 ? [] : _pattern[(_at + 1)..close].Split(',');
        if (bounds.Length is < 1 or > 2 || !TryCount(bounds[0], out least) || (bounds.Length == 2 && bounds[1].Length > 0 && !TryCount(bounds[1], out _)))
        {
            return false; // an opening brace by itself
        }

        most = bounds.Length == 1 ? least : bounds[1].Length == 0 ? null : int.Parse(bounds[1], CultureInfo.InvariantCulture);
        _at = close + 1;
        return true;
    }

    private static bool TryCount(string text, out int count) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count);

    private Expression Atom()
    {
        var start = _at++;
        switch (_pattern[start])
        {
            case '(':
                return Group();
            case '[':
                return new CharactersExpression(Class());
            case '.':
                return new CharactersExpression(CharacterClasses.Any);
            case '^':
                return RegexAnchor.Start;
            case '$':
                return RegexAnchor.End;
            case '*' or '+' or '?':
                _at = start;
                throw Malformed("something to repeat");
            case '\\':
                return new CharactersExpression(Escape(inClass: false));
            default:
                _at = start;
                return new CharactersExpression(CodePointSet.Single(Literal()));
        }
    }

    private Expression Group()
    {
        if (Take('?'))
        {
            if (!Take(':'))
            {
                var isNamed = _at + 1 < _pattern.Length && _pattern[_at] == '<' && _pattern[_at + 1] is not ('=' or '!');
                var end = isNamed ? _pattern.IndexOf('>', _at) : -1;
                _at = end < 0 ? throw Unsupported("looking around, or an option,") : end + 1;
            }
        }

        var inner = Alternatives();
        return Take(')') ? inner : throw Malformed("a closing parenthesis");
    }

    private CodePointSet Class()
    {
        var isNegated = Take('^');
        var set = CodePointSet.None;
        while (!Take(']'))
        {
            if (_at >= _pattern.Length)
            {
                throw Malformed("a closing bracket");
            }

            var low = Member();
            var isRange = low.Ranges is [var single] && single.Low == single.High && _at + 1 < _pattern.Length && _pattern[_at] == '-' && _pattern[_at + 1] != ']';
            if (!isRange)
            {
                set = set.Union(low);
                continue;
            }

            _at++;
            var high = Member();
            if (high.Ranges is not [var last] || last.Low != last.High || last.Low < low.Ranges[0].Low)
            {
                throw Malformed("a range from a lower to a higher character");
            }

            set = set.Union(CodePointSet.Of([(low.Ranges[0].Low, last.Low)]));
        }

        return isNegated ? set.Complement() : set;
    }

    private CodePointSet Member()
    {
        if (_at >= _pattern.Length)
        {
            throw Malformed("a closing bracket");
        }

        return Take('\\') ? Escape(inClass: true) : CodePointSet.Single(Literal());
    }

    private int Literal()
    {
        if (Rune.DecodeFromUtf16(_pattern.AsSpan(_at), out var rune, out var length) != System.Buffers.OperationStatus.Done)
        {
            throw Malformed("valid Unicode");
        }

        _at += length;
        return rune.Value;
    }

    private CodePointSet Escape(bool inClass)
    {
        if (_at >= _pattern.Length)
        {
            throw Malformed("a character after the backslash");
        }

        var letter = _pattern[_at++];
        return letter switch
        {
            'd' => CharacterClasses.Digit,
            'D' => CharacterClasses.Digit.Complement(),
            'w' => CharacterClasses.Word,
            'W' => CharacterClasses.Word.Complement(),
            's' => CharacterClasses.Space,
            'S' => CharacterClasses.NotSpace,
            't' => CodePointSet.Single('\t'),
            'n' => CodePointSet.Single('\n'),
            'r' => CodePointSet.Single('\r'),
            'f' => CodePointSet.Single('\f'),
            'v' => CodePointSet.Single('\v'),
            'b' when inClass => CodePointSet.Single('\b'),
            '0' when _at >= _pattern.Length || !char.IsAsciiDigit(_pattern[_at]) => CodePointSet.Single(0),
            'x' => CodePointSet.Single(Hex(2)),
            'u' => CodePointSet.Single(Unicode()),
            'p' or 'P' => Category(letter == 'P'),
            _ when char.IsAsciiLetterOrDigit(letter) => throw Unsupported($"the escape \\{letter}"),
            _ => CodePointSet.Single(letter),
        };
    }

    private int Unicode()
    {
        if (Take('{'))
        {
            var end = _pattern.IndexOf('}', _at);
            if (end < 0 || !int.TryParse(_pattern.AsSpan(_at, end - _at), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) || value is < 0 or > CodePointSet.Last)
            {
                throw Malformed("a code point in hexadecimal and a closing brace");
            }

            _at = end + 1;
            return value;
        }

        var high = Hex(4);
        if (char.IsHighSurrogate((char)high) && _at + 6 <= _pattern.Length && _pattern[_at] == '\\' && _pattern[_at + 1] == 'u')
        {
            _at += 2;
            var low = Hex(4);
            return char.IsLowSurrogate((char)low) ? char.ConvertToUtf32((char)high, (char)low) : throw Malformed("a low surrogate after a high one");
        }

        return high;
    }

    private int Hex(int digits)
    {
        if (_at + digits > _pattern.Length || !int.TryParse(_pattern.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            throw Malformed($"{digits} hexadecimal digits");
        }

        _at += digits;
        return value;
    }

    private CodePointSet Category(bool isNegated)
    {
        var end = Take('{') ? _pattern.IndexOf('}', _at) : -1;
        var name = end < 0 ? "" : _pattern[_at..end];
        var set = CharacterClasses.Category(name) ?? throw Unsupported($"the Unicode class '{name}'");
        _at = end + 1;
        return isNegated ? set.Complement() : set;
    }

    private bool Take(char character)
    {
        if (_at < _pattern.Length && _pattern[_at] == character)
        {
            _at++;
            return true;
        }

        return false;
    }

    private ArgumentException Malformed(string expected) => new($"regular expression '{_pattern}': expected {expected} at character {_at}");

    private NotSupportedException Unsupported(string what) => new($"regular expression '{_pattern}': {what} at character {_at} is not supported");
}
