using System.Text.Json;

namespace Crescent.Text.Grammars;

/// <summary>Whether no value can fit two schemas, as far as types, constants and keys tell.</summary>
internal static class SchemaOverlap
{
    public static bool AreApart(SchemaReferences references, SchemaPart first, SchemaPart second) =>
        AreApart(references, references.Flatten([first]), references.Flatten([second]), depth: 0);

    private static bool AreApart(SchemaReferences references, List<SchemaPart>? first, List<SchemaPart>? second, int depth)
    {
        if (first is null || second is null)
        {
            return true;
        }

        var types = SchemaTypesReader.Read(first) & SchemaTypesReader.Read(second);
        var (left, right) = (Constants(first), Constants(second));
        if (types == SchemaTypes.None || (left is not null && right is not null && !left.Overlaps(right)))
        {
            return true;
        }

        if (left is not null && right is null)
        {
            return first.SelectMany(Values).All(value => (SchemaTypesReader.Of(value) & types) == 0);
        }

        if (right is not null && left is null)
        {
            return second.SelectMany(Values).All(value => (SchemaTypesReader.Of(value) & types) == 0);
        }

        return types == SchemaTypes.Object && depth < 2 && (Lacks(first, second) || Lacks(second, first) || DiffersInKey(references, first, second, depth));
    }

    // One requires a key that the other forbids.
    private static bool Lacks(List<SchemaPart> first, List<SchemaPart> second) =>
        Required(first).Any(name => second.Any(part => part.Get("additionalProperties")?.ValueKind == JsonValueKind.False && Property(part, name) is null));

    // Both require a key whose values are apart.
    private static bool DiffersInKey(SchemaReferences references, List<SchemaPart> first, List<SchemaPart> second, int depth) =>
        Required(first).Intersect(Required(second)).Any(name =>
            AreApart(references, references.Flatten(Properties(first, name)), references.Flatten(Properties(second, name)), depth + 1));

    private static HashSet<string>? Constants(List<SchemaPart> parts) =>
        parts.Any(part => part.Get("enum") is not null || part.Get("const") is not null) ? [.. parts.SelectMany(Values).Select(JsonText.Write)] : null;

    private static IEnumerable<JsonElement> Values(SchemaPart part) =>
        [.. part.Get("const") is { } value ? [value] : Array.Empty<JsonElement>(), .. part.Get("enum", JsonValueKind.Array) is { } list ? [.. list.EnumerateArray()] : Array.Empty<JsonElement>()];

    private static IEnumerable<string> Required(List<SchemaPart> parts) =>
        parts.SelectMany(part => part.Get("required") is { ValueKind: JsonValueKind.Array } names ? names.EnumerateArray().Select(name => name.GetString()!) : []).Distinct();

    private static IEnumerable<SchemaPart> Properties(List<SchemaPart> parts, string name) =>
        parts.Select(part => Property(part, name)).Where(part => part is not null).Select(part => part!.Value);

    private static SchemaPart? Property(SchemaPart part, string name) =>
        part.Get("properties") is { ValueKind: JsonValueKind.Object } properties && properties.TryGetProperty(name, out var value) ? part.Child(value, "properties", name) : null;
}
