using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Crescent.Text.Templates;

/// <summary>
/// JSON exactly as Python's <c>json.dumps(ensure_ascii=False)</c> spells it, as models saw it in training: only <c>"</c>, <c>\</c> and
/// characters below 0x20 are escaped, and numbers are spelled as Python prints them.
/// </summary>
internal static class PythonJson
{
    /// <exception cref="ArgumentException">A string is not valid Unicode.</exception>
    public static string Write(JsonElement element, PythonJsonStyle style)
    {
        var output = new StringBuilder();
        Write(element, style, output, depth: 0);
        return output.ToString();
    }

    /// <summary>The value of a JSON string.</summary>
    /// <exception cref="ArgumentException">It is not valid Unicode.</exception>
    public static string Text(JsonElement element)
    {
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException exception)
        {
            throw new ArgumentException("a JSON string has half a surrogate pair", nameof(element), exception);
        }
    }

    private static void Write(JsonElement element, PythonJsonStyle style, StringBuilder output, int depth)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(element, style, output, depth + 1);
                break;
            case JsonValueKind.Array:
                WriteArray(element, style, output, depth + 1);
                break;
            case JsonValueKind.String:
                WriteString(Text(element), output);
                break;
            case JsonValueKind.Number:
                output.Append(Number(element.GetRawText()));
                break;
            default:
                output.Append(element.ValueKind switch
                {
                    JsonValueKind.True => "true",
                    JsonValueKind.False => "false",
                    _ => "null",
                });
                break;
        }
    }

    private static void WriteObject(JsonElement element, PythonJsonStyle style, StringBuilder output, int depth)
    {
        // As in a Python dict, a repeated key keeps its first place and its last value.
        var properties = new OrderedDictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var property in element.EnumerateObject())
        {
            properties[Name(property)] = property.Value;
        }

        var ordered = style == PythonJsonStyle.CompactSorted
            ? properties.OrderBy(property => property.Key, Comparer<string>.Create(CompareCodePoints))
            : (IEnumerable<KeyValuePair<string, JsonElement>>)properties;
        var first = true;
        output.Append('{');
        foreach (var (name, value) in ordered)
        {
            Separate(style, ref first, output, depth);
            WriteString(name, output);
            output.Append(style is PythonJsonStyle.Spaced or PythonJsonStyle.Indented ? ": " : ":");
            Write(value, style, output, depth);
        }

        Close(style, first, output, depth);
        output.Append('}');
    }

    private static void WriteArray(JsonElement element, PythonJsonStyle style, StringBuilder output, int depth)
    {
        var first = true;
        output.Append('[');
        foreach (var item in element.EnumerateArray())
        {
            Separate(style, ref first, output, depth);
            Write(item, style, output, depth);
        }

        Close(style, first, output, depth);
        output.Append(']');
    }

    private static void Separate(PythonJsonStyle style, ref bool first, StringBuilder output, int depth)
    {
        if (!first)
        {
            output.Append(style == PythonJsonStyle.Spaced ? ", " : ",");
        }

        first = false;
        Break(style, output, depth);
    }

    private static void Close(PythonJsonStyle style, bool isEmpty, StringBuilder output, int depth)
    {
        if (!isEmpty)
        {
            Break(style, output, depth - 1);
        }
    }

    private static void Break(PythonJsonStyle style, StringBuilder output, int depth)
    {
        if (style == PythonJsonStyle.Indented)
        {
            output.Append('\n').Append(' ', 4 * depth);
        }
    }

    private static void WriteString(string text, StringBuilder output)
    {
        output.Append('"');
        foreach (var character in text)
        {
            _ = character switch
            {
                '"' => output.Append("\\\""),
                '\\' => output.Append("\\\\"),
                '\b' => output.Append("\\b"),
                '\f' => output.Append("\\f"),
                '\n' => output.Append("\\n"),
                '\r' => output.Append("\\r"),
                '\t' => output.Append("\\t"),
                < ' ' => output.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
                _ => output.Append(character),
            };
        }

        output.Append('"');
    }

    // Python reads a number without fraction and exponent as an integer of any size, others as a double.
    private static string Number(string raw)
    {
        if (raw.AsSpan().IndexOfAny('.', 'e', 'E') < 0)
        {
            return raw == "-0" ? "0" : raw;
        }

        var value = double.Parse(raw, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (double.IsInfinity(value))
        {
            return value > 0 ? "Infinity" : "-Infinity";
        }

        return PythonFloat(value);
    }

    // repr(float): the shortest digits that read back, with an exponent below 1e-4 and from 1e16.
    private static string PythonFloat(double value)
    {
        // d.ddddE+xxx with the shortest digits: "E16" would pad, so they are taken from "R".
        var text = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture);
        var sign = double.IsNegative(value) ? "-" : "";
        var exponentAt = text.IndexOf('E', StringComparison.Ordinal);
        var exponent = exponentAt < 0 ? 0 : int.Parse(text.AsSpan(exponentAt + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = exponentAt < 0 ? text : text[..exponentAt];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var integerDigits = point < 0 ? mantissa.Length : point;
        var all = mantissa.Replace(".", "", StringComparison.Ordinal);
        var digits = all.TrimStart('0');
        // value = 0.DIGITS x 10^scale
        var scale = integerDigits + exponent - (all.Length - digits.Length);
        digits = digits.TrimEnd('0');
        if (digits.Length == 0)
        {
            return sign + "0.0";
        }

        if (scale is <= -4 or > 16)
        {
            var shown = Math.Abs(scale - 1).ToString("00", CultureInfo.InvariantCulture);
            var rest = digits.Length > 1 ? "." + digits[1..] : "";
            return $"{sign}{digits[0]}{rest}e{(scale > 0 ? '+' : '-')}{shown}";
        }

        return scale <= 0 ? $"{sign}0.{new string('0', -scale)}{digits}"
            : digits.Length <= scale ? $"{sign}{digits.PadRight(scale, '0')}.0"
            : $"{sign}{digits[..scale]}.{digits[scale..]}";
    }

    /// <exception cref="ArgumentException">It is not valid Unicode.</exception>
    public static string Name(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException exception)
        {
            throw new ArgumentException("a JSON key has half a surrogate pair", nameof(property), exception);
        }
    }

    // UTF-16 order differs from code-point order for surrogates.
    private static int CompareCodePoints(string left, string right)
    {
        var a = left.EnumerateRunes();
        var b = right.EnumerateRunes();
        while (true)
        {
            var hasA = a.MoveNext();
            var hasB = b.MoveNext();
            if (!hasA || !hasB)
            {
                return hasA.CompareTo(hasB);
            }

            if (a.Current != b.Current)
            {
                return a.Current.CompareTo(b.Current);
            }
        }
    }
}
