using System.Text;
using System.Text.Json;

namespace Crescent.Text.Grammars;

/// <summary>The one spelling that constants and patterns have: compact, nothing escaped that need not be.</summary>
internal static class JsonText
{
    private static readonly CodePointSet s_escaped = CodePointSet.Of([(0, 0x1F), ('"', '"'), ('\\', '\\')]);

    /// <summary>A value as text.</summary>
    public static string Write(JsonElement value)
    {
        var text = new StringBuilder();
        Write(value, text);
        return text.ToString();
    }

    public static string Quote(string value) => $"\"{string.Concat(value.EnumerateRunes().Select(rune => Spell(rune.Value)))}\"";

    /// <summary>An expression over characters, as one over their spelling within a JSON string.</summary>
    public static Expression Escape(Expression expression) => expression switch
    {
        CharactersExpression characters => Escape(characters.Set),
        BytesExpression bytes => Expression.Text(Quote(Encoding.UTF8.GetString(bytes.Bytes))[1..^1]),
        SequenceExpression sequence => new SequenceExpression([.. sequence.Items.Select(Escape)]),
        ChoiceExpression choice => new ChoiceExpression([.. choice.Options.Select(Escape)]),
        RepeatExpression repeat => new RepeatExpression(Escape(repeat.Item), repeat.Least, repeat.Most),
        _ => throw new InvalidOperationException($"{expression.GetType().Name} is no expression over characters"),
    };

    private static Expression Escape(CodePointSet set)
    {
        var escaped = s_escaped.Ranges.SelectMany(range => Enumerable.Range(range.Low, range.High - range.Low + 1)).Where(set.Contains).ToArray();
        return escaped.Length == 0
            ? new CharactersExpression(set)
            : Expression.Choice([new CharactersExpression(set.Minus(s_escaped)), .. escaped.Select(value => Expression.Text(Spell(value)))]);
    }

    private static string Spell(int codePoint) => codePoint switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\b' => "\\b",
        '\f' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        < 0x20 => $"\\u{codePoint:x4}",
        _ => new Rune(codePoint).ToString(),
    };

    private static void Write(JsonElement value, StringBuilder text)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                text.Append(Quote(value.GetString()!));
                break;
            case JsonValueKind.Array:
                var items = value.EnumerateArray().Select(Write);
                text.Append('[').AppendJoin(',', items).Append(']');
                break;
            case JsonValueKind.Object:
                var members = value.EnumerateObject().Select(member => $"{Quote(member.Name)}:{Write(member.Value)}");
                text.Append('{').AppendJoin(',', members).Append('}');
                break;
            default:
                text.Append(value.GetRawText());
                break;
        }
    }
}
