using System.Globalization;
using System.Text.Json;

namespace Crescent.Server.Http;

/// <summary>
/// The fields of a JSON object, read leniently: unknown ones are passed over, null is absent, and what has the wrong type or range is told by its path, what was
/// expected and what was found.
/// </summary>
internal readonly struct JsonFields(JsonElement element, string path)
{
    /// <summary>Where the object is in the request; empty for the request itself.</summary>
    public string Path => path;

    public JsonElement Element => element;

    /// <summary>A field's path from the request.</summary>
    public string PathOf(string name) => path.Length == 0 ? name : $"{path}.{name}";

    public bool Has(string name) => Get(name) is not null;

    /// <summary>The field, whatever it holds; null where it is absent or null.</summary>
    public JsonElement? Get(string name) => element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public string? Text(string name) => Get(name) is { } value ? TextOf(value, PathOf(name)) : null;

    public string RequireText(string name) => Text(name) ?? throw ApiException.Invalid(PathOf(name), "expected a string, found nothing");

    public bool? Flag(string name) => Get(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } other => throw Wrong(PathOf(name), "true or false", other),
    };

    public double? Number(string name, double least, double most) => Get(name) is { } value ? NumberOf(value, PathOf(name), least, most) : null;

    public float? Single(string name, double least, double most) => (float?)Number(name, least, most);

    public long? Integer(string name, long least, long most) => Get(name) is { } value ? IntegerOf(value, PathOf(name), least, most) : null;

    public int? Count(string name, int least = 0, int most = int.MaxValue) => (int?)Integer(name, least, most);

    public JsonFields? Object(string name) => Get(name) is { } value ? ObjectOf(value, PathOf(name)) : null;

    /// <param name="most">Most items that are taken.</param>
    public IReadOnlyList<JsonElement>? List(string name, int most) => Get(name) is { } value ? ListOf(value, PathOf(name), most) : null;

    /// <summary>Objects of a list, each with its path; none where it is absent.</summary>
    public IEnumerable<JsonFields> Objects(string name, int most)
    {
        var at = PathOf(name);
        return (List(name, most) ?? []).Select((item, index) => ObjectOf(item, $"{at}[{index.ToString(CultureInfo.InvariantCulture)}]"));
    }

    public static string TextOf(JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            throw Wrong(path, "a string", value);
        }

        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw ApiException.Invalid(path, "expected Unicode text, found half a surrogate pair");
        }
    }

    public static double NumberOf(JsonElement value, string path, double least, double most) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= least && number <= most
            ? number
            : throw Wrong(path, $"a number from {Show(least)} to {Show(most)}", value);

    // 1.0 is 1: some clients write all numbers with a point.
    public static long IntegerOf(JsonElement value, string path, long least, long most)
    {
        if (value.ValueKind == JsonValueKind.Number
            && (value.TryGetInt64(out var number) || (value.TryGetDouble(out var real) && real == Math.Truncate(real) && Math.Abs(real) < 1e15 && (number = (long)real) == real))
            && number >= least && number <= most)
        {
            return number;
        }

        var range = most >= int.MaxValue ? $"a whole number from {least}" : $"a whole number from {least} to {most}";
        throw Wrong(path, range, value);
    }

    public static JsonFields ObjectOf(JsonElement value, string path) =>
        value.ValueKind == JsonValueKind.Object ? new JsonFields(value, path) : throw Wrong(path, "an object", value);

    public static IReadOnlyList<JsonElement> ListOf(JsonElement value, string path, int most)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw Wrong(path, "a list", value);
        }

        var count = value.GetArrayLength();
        return count <= most ? [.. value.EnumerateArray()] : throw ApiException.Invalid(path, $"expected at most {most} items, found {count}");
    }

    public static ApiException Wrong(string path, string expected, JsonElement found) => ApiException.Invalid(path, $"expected {expected}, found {Describe(found)}");

    /// <summary>What a value is, without the text of strings.</summary>
    public static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => value.GetRawText() is { Length: <= 32 } raw ? raw : "a long number",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => "null",
    };

    private static string Show(double value) => value.ToString(CultureInfo.InvariantCulture);
}
