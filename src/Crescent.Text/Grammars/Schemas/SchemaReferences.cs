using System.Text.Json;

namespace Crescent.Text.Grammars;

/// <summary>Follows <c>$ref</c> and <c>allOf</c> within one document.</summary>
internal sealed class SchemaReferences(JsonElement root)
{
    private const int MaxParts = 1000;

    // Validity depends on these, and no grammar here keeps them.
    private static readonly string[] s_refused =
    [
        "not", "if", "then", "else", "patternProperties", "propertyNames", "dependencies", "dependentRequired", "dependentSchemas", "contains",
        "unevaluatedItems", "$dynamicRef", "$recursiveRef",
    ];

    /// <summary>All schemas that a value must fit: the parts themselves, what they refer to, and their <c>allOf</c>. Null where one of them is <c>false</c>.</summary>
    public List<SchemaPart>? Flatten(IEnumerable<SchemaPart> parts)
    {
        var result = new List<SchemaPart>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<SchemaPart>(parts.Reverse());
        while (open.TryPop(out var part))
        {
            if (part.IsFalse)
            {
                return null;
            }

            if (part.Element.ValueKind == JsonValueKind.True || !seen.Add(part.Pointer))
            {
                continue;
            }

            Check(part);
            result.Add(part);
            if (result.Count > MaxParts)
            {
                throw new ArgumentException($"JSON schema, #{part.Pointer}: more than {MaxParts} schemas apply to one value");
            }

            if (part.Get("allOf", JsonValueKind.Array) is { } all)
            {
                foreach (var (index, element) in all.EnumerateArray().Index().Reverse())
                {
                    open.Push(part.Child(element, "allOf", index));
                }
            }

            if (part.Get("$ref", JsonValueKind.String) is { } reference)
            {
                open.Push(Resolve(part, reference.GetString()!));
            }
        }

        return result;
    }

    private static void Check(SchemaPart part)
    {
        if (part.Element.ValueKind != JsonValueKind.Object)
        {
            throw new ArgumentException($"JSON schema, #{part.Pointer}: expected an object or a boolean, found {part.Element.ValueKind}");
        }

        foreach (var keyword in s_refused)
        {
            if (part.Get(keyword) is not null)
            {
                throw part.Unsupported(keyword, "the keyword is not supported");
            }
        }

        if (part.Get("uniqueItems")?.ValueKind == JsonValueKind.True && part.Count("maxItems") is not <= 1)
        {
            throw part.Unsupported("uniqueItems", "the keyword is not supported");
        }
    }

    private SchemaPart Resolve(SchemaPart part, string reference)
    {
        if (reference is not ("#" or ['#', '/', ..]))
        {
            throw part.Unsupported("$ref", $"only references within the document are supported (#/$defs/…), found {reference}");
        }

        var target = new SchemaPart(root, "");
        foreach (var escaped in reference.Split('/').Skip(1))
        {
            var step = Uri.UnescapeDataString(escaped).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            JsonElement next;
            if (target.Element.ValueKind == JsonValueKind.Array && int.TryParse(step, out var index) && index >= 0 && index < target.Element.GetArrayLength())
            {
                next = target.Element[index];
            }
            else if (target.Element.ValueKind != JsonValueKind.Object || !target.Element.TryGetProperty(step, out next))
            {
                throw new ArgumentException($"JSON schema, #{part.Pointer}/$ref: nothing stands at {reference}");
            }

            target = target.Child(next, step);
        }

        return target;
    }
}
