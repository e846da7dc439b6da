using System.Text.Json;

namespace Crescent.Text.Grammars;

/// <summary>Arrays of a schema.</summary>
internal sealed class SchemaArrays(JsonSchemaCompiler schemas)
{
    private const int MaxCount = 10_000;

    private const int MaxPrefix = 100;

    private static readonly Expression s_comma = RegexParser.ParseWhole(", ?");

    public Expression Build(List<SchemaPart> parts)
    {
        var least = parts.Max(part => part.Count("minItems") ?? 0);
        var most = parts.Min(part => part.Count("maxItems"));
        foreach (var part in parts.Where(part => Rest(part)?.ValueKind == JsonValueKind.False))
        {
            most = Math.Min(most ?? int.MaxValue, Prefix(part).Count);
        }

        if (least > MaxCount || most < least)
        {
            throw new ArgumentException($"JSON schema, #{parts[0].Pointer}: no array has at least {least} and at most {most ?? MaxCount} items (the most is {MaxCount})");
        }

        most = most > MaxCount ? null : most;
        var prefix = Math.Min(parts.Max(part => Prefix(part).Count), most ?? int.MaxValue);
        if (prefix > MaxPrefix)
        {
            throw new ArgumentException($"JSON schema, #{parts[0].Pointer}: more than {MaxPrefix} items have a schema of their own");
        }

        return Expression.Sequence(Expression.Text("["), Items(parts, 0, prefix, least, most), Expression.Text("]"));
    }

    // Items from an index on, with the comma before them.
    private Expression Items(List<SchemaPart> parts, int index, int prefix, int least, int? most)
    {
        if (index == most)
        {
            return Expression.Nothing;
        }

        var item = schemas.Value(parts.SelectMany(part => Item(part, index)).DefaultIfEmpty(parts[0].Child(True, "items")));
        Expression items;
        if (index < prefix || index == 0)
        {
            var first = index == 0 ? item : Expression.Sequence(s_comma, item);
            items = Expression.Sequence(first, Items(parts, index + 1, prefix, least, most));
            return index < least ? items : Expression.Optional(items);
        }

        return Expression.Repeat(Expression.Sequence(s_comma, item), Math.Max(0, least - index), most - index);
    }

    private static IEnumerable<SchemaPart> Item(SchemaPart part, int index)
    {
        var (keyword, prefix) = PrefixKeyword(part);
        if (index < prefix.Count)
        {
            yield return part.Child(prefix[index], keyword, index);
        }
        else if (Rest(part) is { } rest)
        {
            yield return part.Child(rest, keyword == "items" ? "additionalItems" : "items");
        }
    }

    private static List<JsonElement> Prefix(SchemaPart part) => PrefixKeyword(part).Items;

    // Up to draft 2019-09 a list under items was what prefixItems is now.
    private static (string Keyword, List<JsonElement> Items) PrefixKeyword(SchemaPart part) =>
        part.Get("items") is { ValueKind: JsonValueKind.Array } items ? ("items", [.. items.EnumerateArray()])
        : part.Get("prefixItems", JsonValueKind.Array) is { } prefix ? ("prefixItems", [.. prefix.EnumerateArray()])
        : ("", []);

    private static JsonElement? Rest(SchemaPart part) =>
        part.Get("items") is { ValueKind: JsonValueKind.Array } ? part.Get("additionalItems") : part.Get("items");

    private static JsonElement True { get; } = JsonDocument.Parse("true").RootElement;
}
