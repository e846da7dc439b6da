using System.Text.Json;

namespace Crescent.Text.Templates;

/// <summary>A JSON schema of a client, where any part may be missing or of another kind than it should be.</summary>
internal readonly struct JsonSchemaNode(JsonElement element)
{
    /// <summary>A tool's function, within its <c>function</c> or bare.</summary>
    public static JsonSchemaNode OfFunction(ToolDefinition tool) => new JsonSchemaNode(tool.Json).Child("function") ?? new JsonSchemaNode(tool.Json);

    public JsonElement Json => element;

    public bool HasProperties => Child("properties") is { } properties && properties.Members().Any();

    public bool IsNullable => Element("nullable") is { ValueKind: JsonValueKind.True };

    public JsonElement? Element(string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;

    public JsonSchemaNode? Child(string name) => Element(name) is { ValueKind: JsonValueKind.Object } value ? new JsonSchemaNode(value) : null;

    /// <summary>The value of a string; null for anything else.</summary>
    /// <exception cref="ArgumentException">The string is not valid Unicode.</exception>
    public string? Text(string name) => Element(name) is { ValueKind: JsonValueKind.String } value ? PythonJson.Text(value) : null;

    /// <summary>The items of a list; null for anything else.</summary>
    public IReadOnlyList<JsonElement>? List(string name) => Element(name) is { ValueKind: JsonValueKind.Array } value ? [.. value.EnumerateArray()] : null;

    /// <summary>The strings of a list.</summary>
    public IEnumerable<string> Texts(string name) => (List(name) ?? []).Where(item => item.ValueKind == JsonValueKind.String).Select(PythonJson.Text);

    public IEnumerable<(string Name, JsonSchemaNode Value)> Members() =>
        element.ValueKind == JsonValueKind.Object ? element.EnumerateObject().Select(member => (PythonJson.Name(member), new JsonSchemaNode(member.Value))) : [];
}
