using System.Text.Json;

namespace Crescent.Training.Judging;

/// <summary>Whether a value fits a JSON schema, for the keywords that tool definitions are made of.</summary>
public static class ArgumentSchema
{
    /// <exception cref="NotSupportedException">The schema has a keyword that is not judged.</exception>
    public static bool Fits(JsonElement schema, JsonElement value) => schema.EnumerateObject().All(keyword => keyword.Name switch
    {
        "type" => keyword.Value.ValueKind == JsonValueKind.Array ? keyword.Value.EnumerateArray().Any(type => IsOfType(type.GetString(), value)) : IsOfType(keyword.Value.GetString(), value),
        "enum" => keyword.Value.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)),
        "properties" => value.ValueKind != JsonValueKind.Object || value.EnumerateObject().All(member => !keyword.Value.TryGetProperty(member.Name, out var inner) || Fits(inner, member.Value)),
        "required" => value.ValueKind != JsonValueKind.Object || keyword.Value.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _)),
        "items" => value.ValueKind != JsonValueKind.Array || value.EnumerateArray().All(item => Fits(keyword.Value, item)),
        "additionalProperties" when keyword.Value.ValueKind is JsonValueKind.True => true,
        "additionalProperties" when keyword.Value.ValueKind is JsonValueKind.False => value.ValueKind != JsonValueKind.Object || value.EnumerateObject().All(member => Names(schema).Contains(member.Name)),
        "description" or "title" or "default" or "examples" => true,
        _ => throw new NotSupportedException($"expected a schema of type, enum, properties, required, items, additionalProperties, found '{keyword.Name}'"),
    });

    private static IEnumerable<string> Names(JsonElement schema) => schema.TryGetProperty("properties", out var properties) ? properties.EnumerateObject().Select(member => member.Name) : [];

    private static bool IsOfType(string? type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) && decimal.IsInteger(number),
        _ => throw new NotSupportedException($"expected a type of JSON, found '{type}'"),
    };
}
