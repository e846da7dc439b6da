using System.Globalization;
using System.Text.Json;

namespace Crescent.Engine.Checkpoints.HuggingFace;

/// <summary>Reads a model's <c>config.json</c> (or an object inside it), each value with the type and range it must have.</summary>
internal sealed class HfConfig
{
    private const long MostBytes = 16 << 20;
    private const int MostValues = 1 << 24; // wider than any model; keeps products of two inside 64 bits

    private readonly JsonElement _object;
    private readonly string _prefix; // of an inner object's keys, for messages

    private HfConfig(string path, JsonElement element, string prefix) => (Path, _object, _prefix) = (path, element, prefix);

    /// <summary>The file's path, for messages.</summary>
    public string Path { get; }

    /// <exception cref="CheckpointException">There is no such file, or it is not a JSON object.</exception>
    public static HfConfig Read(string path)
    {
        try
        {
            var length = new FileInfo(path).Length;
            if (length > MostBytes)
            {
                throw new CheckpointException($"{path}: expected at most {MostBytes} bytes, found {length}");
            }

            using var document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new HfConfig(path, document.RootElement.Clone(), "")
                : throw new CheckpointException($"{path}: expected a JSON object, found {Kind(document.RootElement)}");
        }
        catch (JsonException exception)
        {
            throw new CheckpointException($"{path}: expected JSON: {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>Whether a key is there and not null.</summary>
    public bool Contains(string key) => TryGet(key, out _);

    /// <summary>An inner object, or null where the key is absent or null.</summary>
    public HfConfig? Object(string key) =>
        !TryGet(key, out var value) ? null
        : value.ValueKind == JsonValueKind.Object ? new HfConfig(Path, value, $"{_prefix}{key}.")
        : throw Wrong(key, "an object", value);

    /// <summary>An integer in <paramref name="least"/>..<paramref name="most"/>.</summary>
    public int Integer(string key, int least = 1, int most = MostValues) =>
        TryGet(key, out var value) ? InRange(key, value, least, most) : throw Missing(key, "an integer");

    /// <summary>The same, or <paramref name="absent"/> where the key is missing or null.</summary>
    public int Integer(string key, int absent, int least, int most) => TryGet(key, out var value) ? InRange(key, value, least, most) : absent;

    /// <summary>The first of several spellings that is there.</summary>
    public int IntegerOf(params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (Contains(key))
            {
                return Integer(key);
            }
        }

        throw Missing(keys[0], "an integer");
    }

    /// <summary>A finite number.</summary>
    public double Number(string key, double absent) =>
        !TryGet(key, out var value) ? absent
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) ? number
        : throw Wrong(key, "a finite number", value);

    public double Number(string key) => Contains(key) ? Number(key, 0) : throw Missing(key, "a number");

    public bool Flag(string key, bool absent) =>
        !TryGet(key, out var value) ? absent
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw Wrong(key, "true or false", value);

    public string? Text(string key) =>
        !TryGet(key, out var value) ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw Wrong(key, "a string", value);

    /// <summary>An array of integers, or null where the key is absent or null.</summary>
    public int[]? Integers(string key, int least = 0, int most = MostValues) =>
        !TryGet(key, out var value) ? null
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(item => InRange(key, item, least, most))]
        : throw Wrong(key, "an array of integers", value);

    /// <summary>An array of strings, or null where the key is absent or null.</summary>
    public string[]? Texts(string key) =>
        !TryGet(key, out var value) ? null
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Wrong(key, "strings", item))]
        : throw Wrong(key, "an array of strings", value);

    /// <summary>An error about a value that this engine does not read.</summary>
    public CheckpointException Unsupported(string key, string expected, object? found) =>
        new($"{Path}: '{_prefix}{key}': expected {expected}, found {(found is IFormattable number ? number.ToString(null, CultureInfo.InvariantCulture) : found ?? "nothing")}");

    private bool TryGet(string key, out JsonElement value) => _object.TryGetProperty(key, out value) && value.ValueKind != JsonValueKind.Null;

    private int InRange(string key, JsonElement value, int least, int most) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= least && number <= most
            ? (int)number
            : throw Wrong(key, $"an integer in {least}..{most}", value);

    private CheckpointException Missing(string key, string expected) => new($"{Path}: expected '{_prefix}{key}' ({expected}), found none");

    private CheckpointException Wrong(string key, string expected, JsonElement found) => new($"{Path}: '{_prefix}{key}': expected {expected}, found {Kind(found)}");

    private static string Kind(JsonElement value)
    {
        const int ShownCharacters = 60;
        return value.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "an array",
            _ when value.GetRawText() is { Length: <= ShownCharacters } text => text,
            _ => $"{value.GetRawText()[..ShownCharacters]}…",
        };
    }
}
