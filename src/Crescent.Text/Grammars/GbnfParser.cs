using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Crescent.Text.Grammars;

/// <summary>
/// llama.cpp's grammar notation (grammars/README.md there): <c>name ::= alternatives</c> with "text", [classes], a full stop for any character, (groups), <c>* + ? {m,n}</c> and
/// comments from <c>#</c>. A rule ends with its line, except within parentheses and after <c>::=</c> and <c>|</c>.
/// </summary>
internal sealed class GbnfParser
{
    /// <summary>Most characters of a grammar.</summary>
    public const int MaxLength = 1 << 20;

    private readonly string _text;
    private readonly List<string> _names = [];
    private readonly List<Expression?> _rules = [];
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private int _at;

    private GbnfParser(string text) => _text = text;

    public static Grammar Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > MaxLength)
        {
            throw new ArgumentException($"the grammar has {text.Length} characters, more than {MaxLength}");
        }

        var parser = new GbnfParser(text);
        try
        {
            parser.Rules();
        }
        catch (InsufficientExecutionStackException exception)
        {
            throw new ArgumentException("the grammar is nested too deep", exception);
        }

        return parser.Finish();
    }

    private Grammar Finish()
    {
        if (!_ids.TryGetValue("root", out var root))
        {
            throw new ArgumentException("the grammar has no rule named root, with which an answer begins");
        }

        var missing = _rules.IndexOf(null);
        return missing >= 0
            ? throw new ArgumentException($"the grammar refers to the rule {_names[missing]}, and has none of that name")
            : new Grammar([.. _rules.Select((rule, index) => new GrammarRule(_names[index], rule!))], root);
    }

    private void Rules()
    {
        for (Skip(lines: true); _at < _text.Length; Skip(lines: true))
        {
            var id = Rule(Name());
            Skip(lines: false);
            if (_rules[id] is not null)
            {
                throw Malformed($"one rule named {_names[id]}, found another");
            }

            if (!_text.AsSpan(_at).StartsWith("::="))
            {
                throw Malformed("::=");
            }

            _at += 3;
            Skip(lines: true);
            _rules[id] = Alternatives(nested: false);
            if (_at < _text.Length && _text[_at] is not ('\n' or '\r'))
            {
                throw Malformed("the end of the line");
            }
        }
    }

    private Expression Alternatives(bool nested)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var options = new List<Expression> { Sequence(nested) };
        while (Take('|'))
        {
            Skip(lines: true);
            options.Add(Sequence(nested));
        }

        return Expression.Choice([.. options]);
    }

    private Expression Sequence(bool nested)
    {
        var items = new List<Expression>();
        while (Item(nested) is { } item)
        {
            Skip(nested);
            items.Add(Repetitions(item, nested));
        }

        return Expression.Sequence([.. items]);
    }

    // Null where the sequence ends.
    private Expression? Item(bool nested)
    {
        if (Take('"'))
        {
            return Literal();
        }

        if (Take('['))
        {
            return new CharactersExpression(Class());
        }

        if (Take('.'))
        {
            return new CharactersExpression(CodePointSet.All);
        }

        if (Take('('))
        {
            Skip(lines: true);
            var inner = Alternatives(nested: true);
            return Take(')') ? inner : throw Malformed("a closing parenthesis");
        }

        if (_at < _text.Length && _text[_at] is '<' or '!')
        {
            throw new NotSupportedException($"{Place()}: tokens named in a grammar are not supported; write their text");
        }

        return _at < _text.Length && IsName(_text[_at]) ? new RuleExpression(Rule(Name())) : null;
    }

    private Expression Repetitions(Expression item, bool nested)
    {
        while (true)
        {
            if (Take('*'))
            {
                item = Expression.Repeat(item, 0, null);
            }
            else if (Take('+'))
            {
                item = Expression.Repeat(item, 1, null);
            }
            else if (Take('?'))
            {
                item = Expression.Optional(item);
            }
            else if (Take('{'))
            {
                item = Bounded(item);
            }
            else
            {
                return item;
            }

            Skip(nested);
        }
    }

    private Expression Bounded(Expression item)
    {
        Skip(lines: false);
        var least = Number();
        Skip(lines: false);
        int? most = least;
        if (Take(','))
        {
            Skip(lines: false);
            most = _at < _text.Length && char.IsAsciiDigit(_text[_at]) ? Number() : null;
            Skip(lines: false);
        }

        if (!Take('}') || most < least)
        {
            throw Malformed("bounds in order and a closing brace");
        }

        return Expression.Repeat(item, least, most);
    }

    private int Number()
    {
        var start = _at;
        while (_at < _text.Length && char.IsAsciiDigit(_text[_at]))
        {
            _at++;
        }

        return int.TryParse(_text.AsSpan(start, _at - start), NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= RegexParser.MaxRepetitions
            ? value
            : throw Malformed($"a number up to {RegexParser.MaxRepetitions}");
    }

    private BytesExpression Literal()
    {
        var text = new StringBuilder();
        while (!Take('"'))
        {
            text.Append(new Rune(Character()).ToString());
        }

        return new BytesExpression(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private CodePointSet Class()
    {
        var isNegated = Take('^');
        var ranges = new List<(int, int)>();
        while (!Take(']'))
        {
            var low = Character();
            var high = low;
            if (_at + 1 < _text.Length && _text[_at] == '-' && _text[_at + 1] != ']')
            {
                _at++;
                high = Character();
            }

            ranges.Add(high >= low ? (low, high) : throw Malformed("a range from a lower to a higher character"));
        }

        return isNegated ? CodePointSet.Of(ranges).Complement() : CodePointSet.Of(ranges);
    }

    private int Character()
    {
        if (_at < _text.Length && _text[_at] is not ('\n' or '\r') && Rune.DecodeFromUtf16(_text.AsSpan(_at), out var rune, out var length) == System.Buffers.OperationStatus.Done)
        {
            _at += length;
            return rune.Value == '\\' ? Escape() : rune.Value;
        }

        throw Malformed("a character and the closing quotation mark or bracket on this line");
    }

    private int Escape()
    {
        var letter = _at < _text.Length ? _text[_at++] : throw Malformed("a character after the backslash");
        return letter switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '\\' or '"' or '[' or ']' or '-' or '^' => letter,
            'x' => Hex(2),
            'u' => Hex(4),
            'U' => Hex(8),
            _ => throw Malformed($"an escape such as \\n, found \\{letter}"),
        };
    }

    private int Hex(int digits)
    {
        if (_at + digits > _text.Length || !int.TryParse(_text.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) || !Rune.IsValid(value))
        {
            throw Malformed($"{digits} hexadecimal digits of a character");
        }

        _at += digits;
        return value;
    }

    private string Name()
    {
        var start = _at;
        while (_at < _text.Length && IsName(_text[_at]))
        {
            _at++;
        }

        return _at > start ? _text[start.._at] : throw Malformed("a rule's name");
    }

    private int Rule(string name)
    {
        if (!_ids.TryGetValue(name, out var id))
        {
            id = _rules.Count;
            _ids.Add(name, id);
            _names.Add(name);
            _rules.Add(null);
        }

        return id;
    }

    private static bool IsName(char character) => char.IsAsciiLetterOrDigit(character) || character is '-' or '_';

    private void Skip(bool lines)
    {
        for (; _at < _text.Length; _at++)
        {
            if (_text[_at] == '#')
            {
                var end = _text.AsSpan(_at).IndexOfAny('\n', '\r');
                _at = end < 0 ? _text.Length : _at + end;
            }

            if (_at >= _text.Length || !(_text[_at] is ' ' or '\t' || (lines && _text[_at] is '\n' or '\r')))
            {
                return;
            }
        }
    }

    private bool Take(char character)
    {
        if (_at < _text.Length && _text[_at] == character)
        {
            _at++;
            return true;
        }

        return false;
    }

    private string Place()
    {
        var before = _text.AsSpan(0, Math.Min(_at, _text.Length));
        return $"grammar, line {before.Count('\n') + 1}, column {_at - before.LastIndexOf('\n')}";
    }

    private ArgumentException Malformed(string expected) => new($"{Place()}: expected {expected}");
}
