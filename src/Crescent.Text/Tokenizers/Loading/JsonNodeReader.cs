using System.Text.Json;

namespace Crescent.Text.Tokenizers;

/// <summary>A JSON value with its place, for errors that name it. A JSON null counts as absent.</summary>
internal sealed class JsonNodeReader(JsonElement element, string where)
{
    public JsonValueKind Kind => element.ValueKind;

    public string Where => where;

    public JsonNodeReader? Get(string name)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Wrong("an object");
        }

        return element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? new JsonNodeReader(value, $"{where}: {name}")
            : null;
    }

    public JsonNodeReader Require(string name) => Get(name) ?? throw new TokenizerException($"{where} has no \"{name}\"");

    public string Text()
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            throw Wrong("a string");
        }

        return Read(element.GetString)!;
    }

    public bool Flag() => element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong("true or false"),
    };

    public int Integer() =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out var value) ? value : throw Wrong("an integer of 32 bits");

    public int Count => element.ValueKind switch
    {
        JsonValueKind.Array => element.GetArrayLength(),
        JsonValueKind.Object => element.GetPropertyCount(),
        _ => throw Wrong("a list or an object"),
    };

    public IEnumerable<JsonNodeReader> Items()
    {
        if (element.ValueKind != JsonValueKind.Array)
        {
            throw Wrong("a list");
        }

        return element.EnumerateArray().Select(item => new JsonNodeReader(item, where));
    }

    public IEnumerable<(string Name, JsonNodeReader Value)> Properties()
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Wrong("an object");
        }

        return element.EnumerateObject().Select(property => (Read(() => property.Name), new JsonNodeReader(property.Value, where)));
    }

    // Strings with half a surrogate pair parse, but cannot be read.
    private string Read(Func<string?> read)
    {
        try
        {
            return read()!;
        }
        catch (InvalidOperationException exception)
        {
            throw new TokenizerException($"{where}: a string is not valid Unicode", exception);
        }
    }

    private TokenizerException Wrong(string expected) => new($"{where}: expected {expected}, found {element.ValueKind}");
}
