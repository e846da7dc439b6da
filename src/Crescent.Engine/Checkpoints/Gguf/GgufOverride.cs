using System.Globalization;

namespace Crescent.Engine.Checkpoints.Gguf;

/// <summary>One <c>--override-kv KEY=TYPE:VALUE</c>: a metadata value given by the user instead of the file's. TYPE is int, float, bool or str.</summary>
public sealed class GgufOverride
{
    private GgufOverride(string key, GgufEntry entry) => (Key, Entry) = (key, entry);

    public string Key { get; }

    internal GgufEntry Entry { get; }

    /// <exception cref="FormatException">The text is not KEY=TYPE:VALUE, or the value is not of its type.</exception>
    public static GgufOverride Parse(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var colon = equals < 0 ? -1 : text.IndexOf(':', equals);
        if (equals <= 0 || colon < 0)
        {
            throw new FormatException($"override '{text}': expected KEY=TYPE:VALUE with TYPE one of int, float, bool, str");
        }

        var key = text[..equals];
        var type = text[(equals + 1)..colon];
        var value = text[(colon + 1)..];
        return new GgufOverride(key, type switch
        {
            "int" when long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                => Scalar(GgufValueType.I64, number),
            "float" when double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                => Scalar(GgufValueType.F64, BitConverter.DoubleToInt64Bits(number)),
            "bool" when value is "true" or "false" => Scalar(GgufValueType.Bool, value == "true" ? 1 : 0),
            "str" => new GgufEntry(null, GgufValueType.Str, GgufValueType.Str, value.Length, 0, 0, 0, value),
            "int" or "float" or "bool" => throw new FormatException($"override '{text}': expected a value of type {type}, found '{value}'"),
            _ => throw new FormatException($"override '{text}': expected a type int, float, bool or str, found '{type}'"),
        });
    }

    private static GgufEntry Scalar(GgufValueType type, long bits) => new(null, type, type, 1, bits, 0, 0);
}
