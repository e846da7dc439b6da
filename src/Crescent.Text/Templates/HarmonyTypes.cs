using System.Text;
using System.Text.Json;

namespace Crescent.Text.Templates;

/// <summary>
/// A JSON schema as a TypeScript-like type, spelled as openai/harmony spells it (src/encoding.rs): descriptions, titles and examples as comments above a
/// field, defaults behind it, <c>?</c> on fields that are not required, variants of a oneOf a line each.
/// </summary>
internal static class HarmonyTypes
{
    public static string Of(JsonSchemaNode schema, string indent)
    {
        if (schema.List("oneOf") is { } variants)
        {
            return string.Concat(variants.Select(variant => $"\n{indent} | {Variant(new JsonSchemaNode(variant), indent, isFirst: false, above: null)}"));
        }

        if (schema.Texts("type").ToList() is { Count: > 0 } types)
        {
            return string.Join(" | ", types.Select(type => type == "integer" ? "number" : type));
        }

        return schema.Text("type") switch
        {
            "object" => Object(schema, indent),
            "string" => schema.Texts("enum").ToList() is { Count: > 0 } values ? string.Join(" | ", values.Select(value => $"\"{value}\"")) : "string",
            "number" or "integer" => "number",
            "boolean" => "boolean",
            "array" => schema.Element("items") is { } items ? $"{Of(new JsonSchemaNode(items), indent)}[]" : "Array<any>",
            _ => "any",
        };
    }

    private static string Object(JsonSchemaNode schema, string indent)
    {
        var output = new StringBuilder();
        Comment(output, indent, schema.Text("description"));
        output.Append("{\n");
        var required = schema.Texts("required").ToHashSet(StringComparer.Ordinal);
        foreach (var (name, property) in schema.Child("properties")?.Members() ?? [])
        {
            Property(output, indent, required.Contains(name) ? name : name + "?", property);
        }

        return output.Append(indent).Append('}').ToString();
    }

    private static void Property(StringBuilder output, string indent, string name, JsonSchemaNode property)
    {
        var variants = property.List("oneOf");
        if (property.Text("title") is { } title)
        {
            output.Append(indent).Append("// ").Append(title).Append('\n').Append(indent).Append("//\n");
        }

        if (property.Element("oneOf") is null)
        {
            Comment(output, indent, property.Text("description"));
        }

        if (property.List("examples") is { Count: > 0 })
        {
            Comment(output, indent, "Examples:");
            foreach (var example in property.Texts("examples"))
            {
                Comment(output, indent, $"- \"{example}\"");
            }
        }

        if (variants is not null)
        {
            OneOf(output, indent, name, property, variants);
            return;
        }

        output.Append(indent).Append(name).Append(": ").Append(Nullable(Of(property, indent + "    "), property)).Append(',');
        if (property.Element("oneOf") is null && Default(property) is { } value)
        {
            output.Append(" // ").Append(value);
        }

        output.Append('\n');
    }

    private static void OneOf(StringBuilder output, string indent, string name, JsonSchemaNode property, IReadOnlyList<JsonElement> variants)
    {
        var description = property.Text("description");
        // A description that the first variant repeats is shown there only.
        var above = description is not null && variants.Count > 0 && new JsonSchemaNode(variants[0]).Text("description") == description ? null : description;
        Comment(output, indent, above);
        Comment(output, indent, Default(property));
        output.Append(indent).Append(name).Append(":\n");
        for (var i = 0; i < variants.Count; i++)
        {
            output.Append(indent).Append(" | ").Append(Variant(new JsonSchemaNode(variants[i]), indent, isFirst: i == 0 && above is not null, description)).Append('\n');
        }

        output.Append(indent).Append(",\n");
    }

    // A type of a oneOf, its description and default behind it.
    private static string Variant(JsonSchemaNode variant, string indent, bool isFirst, string? above)
    {
        var description = isFirst ? null : variant.Text("description");
        string?[] comments = [description == above ? null : description, Default(variant)];
        var comment = string.Join(' ', comments.Where(part => part is not null));
        return Nullable(Of(variant, indent + "   "), variant) + (comment.Length > 0 ? $" // {comment}" : "");
    }

    private static string Nullable(string type, JsonSchemaNode schema) =>
        schema.IsNullable && !type.Contains("null", StringComparison.Ordinal) ? type + " | null" : type;

    // A string is quoted, except where it is one of an enum's.
    private static string? Default(JsonSchemaNode schema) => schema.Element("default") switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => schema.List("enum") is { Count: > 0 } ? $"default: {PythonJson.Text(text)}" : $"default: \"{PythonJson.Text(text)}\"",
        { } other => $"default: {PythonJson.Write(other, PythonJsonStyle.Compact)}",
    };

    private static void Comment(StringBuilder output, string indent, string? text)
    {
        if (text is not null)
        {
            output.Append(indent).Append("// ").Append(text).Append('\n');
        }
    }
}
