using System.Text.Json;
using Crescent.Server.Http;

namespace Crescent.Server.OpenAi;

/// <summary>A tool that another API declares in its own way, as chat completions declare it: what templates render.</summary>
internal static class FunctionTool
{
    /// <param name="tool">An object with name and description.</param>
    /// <param name="schema">The field with the JSON schema of its arguments.</param>
    public static (string Name, JsonElement Json)? Read(JsonFields tool, string schema)
    {
        var name = tool.RequireText("name");
        return name.Length > 0
            ? (name, Write(name, tool.Text("description"), tool.Object(schema)?.Element))
            : throw ApiException.Invalid(tool.PathOf("name"), "expected a name, found an empty string");
    }

    private static JsonElement Write(string name, string? description, JsonElement? parameters)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteString("type", "function");
            writer.WriteStartObject("function");
            writer.WriteString("name", name);
            if (description is not null)
            {
                writer.WriteString("description", description);
            }

            if (parameters is { } schema)
            {
                writer.WritePropertyName("parameters");
                schema.WriteTo(writer);
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return JsonDocument.Parse(json.ToArray()).RootElement;
    }
}
