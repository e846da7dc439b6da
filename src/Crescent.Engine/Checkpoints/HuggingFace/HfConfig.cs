using System.Globalization;
using System.Text;
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

            using var document = JsonDocument.Parse(ReadText(path), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new HfConfig(path, document.RootElement.Clone(), "")
                : throw new CheckpointException($"{path}: expected a JSON object, found {Kind(document.RootElement)}");
        }
        catch (JsonException exception)
        {
            // The message may quote all the rest of the file.
            throw new CheckpointException($"{path}: line {exception.LineNumber + 1}, byte {exception.BytePositionInLine}: expected JSON: {FileText.Line(exception.Message)}", exception);
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

    /// <summary>An integer from 1 under the first of two spellings that is there.</summary>
    public int IntegerOf(string key, string otherwise, int most) =>
        Contains(key) || !Contains(otherwise) ? Integer(key, 1, most) : Integer(otherwise, 1, most);

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

    public string? Text(string key) => !TryGet(key, out var value) ? null : Text(key, value);

    /// <summary>An array of integers, or null where the key is absent or null.</summary>
    public int[]? Integers(string key, int least = 0, int most = MostValues) =>
        !TryGet(key, out var value) ? null
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(item => InRange(key, item, least, most))]
        : throw Wrong(key, "an array of integers", value);

    /// <summary>An array of strings, or null where the key is absent or null.</summary>
    public string[]? Texts(string key) =>
        !TryGet(key, out var value) ? null
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(item => Text(key, item))]
        : throw Wrong(key, "an array of strings", value);

    /// <summary>An error about a value that this engine does not read.</summary>
    public CheckpointException Unsupported(string key, string expected, object? found) =>
        new($"{Path}: '{_prefix}{key}': expected {expected}, found {Shown(found)}");

    // As text, not bytes: what is no UTF-8 becomes U+FFFD, which no key or value has.
    private static string ReadText(string path) => File.ReadAllText(path, Encoding.UTF8);

    private string Text(string key, JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(key, "a string", value);
        }
        catch (InvalidOperationException)
        {
            throw Wrong(key, "a string of whole characters", value); // an escape of half a surrogate pair
        }
    }

    private bool TryGet(string key, out JsonElement value)
    {
        try
        {
            return _object.TryGetProperty(key, out value) && value.ValueKind != JsonValueKind.Null;
        }
        catch (InvalidOperationException)
        {
            throw new CheckpointException($"{Path}: expected keys of whole characters{(_prefix.Length > 0 ? $" in '{_prefix[..^1]}'" : "")}, found half a surrogate pair");
        }
    }

    private static string Shown(object? found) => found switch
    {
        null => "nothing",
        bool flag => flag ? "true" : "false",
        _ => FileText.Escape(Convert.ToString(found, CultureInfo.InvariantCulture)!),
    };

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
            JsonValueKind.String => $"\"{FileText.Escape(value.GetRawText()[1..^1], ShownCharacters)}\"",
            _ => FileText.Escape(value.GetRawText(), ShownCharacters),
        };
    }
}
