using System.Text.Json;

namespace Crescent.Cli;

/// <summary>JSON that the user names as input, and its fields. A JSON null counts as absent.</summary>
internal static class JsonFile
{
    /// <param name="read">Throws <see cref="FormatException"/> where it finds something else than it expects. May keep elements.</param>
    /// <exception cref="CommandFailedException">The file cannot be read, or holds something else: told with its path.</exception>
    public static T Read<T>(string option, string path, Func<JsonElement, T> read)
    {
        try
        {
            // Kept open: elements go on being read from it.
            return read(JsonDocument.Parse(InputFile.ReadBytes(option, path)).RootElement);
        }
        catch (JsonException exception)
        {
            throw new CommandFailedException($"{path}: expected JSON: {CommandLine.FirstLine(exception.Message)}");
        }
        catch (InvalidOperationException)
        {
            // What JsonElement says of half a surrogate pair.
            throw new CommandFailedException($"{path}: expected Unicode text, found half a surrogate pair");
        }
        catch (FormatException exception)
        {
            throw new CommandFailedException($"{path}: {exception.Message}");
        }
    }

    public static string? Text(JsonElement json, string name, string where) => Optional(json, name, where, JsonValueKind.String)?.GetString();

    public static bool? Flag(JsonElement json, string name, string where) => Optional(json, name, where, JsonValueKind.True, JsonValueKind.False)?.GetBoolean();

    public static JsonElement[] List(JsonElement json, string name, string where) =>
        Optional(json, name, where, JsonValueKind.Array) is { } list ? [.. list.EnumerateArray()] : throw new FormatException($"{where}: expected a list '{name}', found none");

    public static JsonElement[] OptionalList(JsonElement json, string name, string where) =>
        Optional(json, name, where, JsonValueKind.Array) is { } list ? [.. list.EnumerateArray()] : [];

    /// <summary>A field of one of some kinds; null where it is absent.</summary>
    /// <param name="where">What the object is called in messages.</param>
    public static JsonElement? Optional(JsonElement json, string name, string where, params ReadOnlySpan<JsonValueKind> kinds)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException($"{where}: expected an object, found {json.ValueKind}");
        }

        if (!json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return kinds.Contains(value.ValueKind) ? value : throw new FormatException($"{where}: {name}: expected {kinds[0]}, found {value.ValueKind}");
    }
}
