using System.Text.Json;

namespace Crescent.Text.Grammars;

/// <summary>Kinds of JSON values; numbers are whole or not.</summary>
[Flags]
internal enum SchemaTypes
{
    None = 0,
    Null = 1,
    Boolean = 2,
    Integer = 4,
    Fraction = 8,
    String = 16,
    Object = 32,
    Array = 64,
    Number = Integer | Fraction,
    All = 127,
}

/// <summary>Reads <c>type</c>.</summary>
internal static class SchemaTypesReader
{
    private static readonly (string Keyword, SchemaTypes Types)[] s_hints =
    [
        ("properties", SchemaTypes.Object), ("required", SchemaTypes.Object), ("additionalProperties", SchemaTypes.Object),
        ("items", SchemaTypes.Array), ("prefixItems", SchemaTypes.Array), ("minItems", SchemaTypes.Array), ("maxItems", SchemaTypes.Array),
        ("pattern", SchemaTypes.String), ("minLength", SchemaTypes.String), ("maxLength", SchemaTypes.String), ("format", SchemaTypes.String),
        ("minimum", SchemaTypes.Number), ("maximum", SchemaTypes.Number), ("exclusiveMinimum", SchemaTypes.Number),
        ("exclusiveMaximum", SchemaTypes.Number), ("multipleOf", SchemaTypes.Number),
    ];

    /// <summary>What the parts admit.</summary>
    public static SchemaTypes Read(IEnumerable<SchemaPart> parts) => parts.Aggregate(SchemaTypes.All, (types, part) => types & Read(part));

    /// <summary>Where no part names a type, keywords of one type alone mean that type, as tools are written.</summary>
    public static SchemaTypes Infer(IReadOnlyList<SchemaPart> parts)
    {
        var types = Read(parts);
        var isOpen = parts.All(part => part.Get("type") is null && part.Get("enum") is null && part.Get("const") is null);
        var hinted = s_hints.Where(hint => parts.Any(part => part.Get(hint.Keyword) is not null)).Aggregate(SchemaTypes.None, (all, hint) => all | hint.Types);
        return isOpen && hinted != SchemaTypes.None ? hinted : types;
    }

    public static SchemaTypes Of(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => SchemaTypes.Null,
        JsonValueKind.True or JsonValueKind.False => SchemaTypes.Boolean,
        JsonValueKind.String => SchemaTypes.String,
        JsonValueKind.Object => SchemaTypes.Object,
        JsonValueKind.Array => SchemaTypes.Array,
        _ => value.TryGetDecimal(out var number) && number == Math.Floor(number) ? SchemaTypes.Integer : SchemaTypes.Fraction,
    };

    private static SchemaTypes Read(SchemaPart part)
    {
        if (part.Get("type") is not { } type)
        {
            return SchemaTypes.All;
        }

        var names = type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray()] : new[] { type };
        var types = part.Get("nullable")?.ValueKind == JsonValueKind.True ? SchemaTypes.Null : SchemaTypes.None;
        foreach (var name in names)
        {
            types |= (name.ValueKind == JsonValueKind.String ? name.GetString() : null) switch
            {
                "null" => SchemaTypes.Null,
                "boolean" => SchemaTypes.Boolean,
                "integer" => SchemaTypes.Integer,
                "number" => SchemaTypes.Number,
                "string" => SchemaTypes.String,
                "object" => SchemaTypes.Object,
                "array" => SchemaTypes.Array,
                _ => throw part.Malformed("type", "name of a JSON type, or a list of them"),
            };
        }

        return types;
    }
}
