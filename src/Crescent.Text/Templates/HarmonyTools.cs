using System.Text;

namespace Crescent.Text.Templates;

/// <summary>Tools as harmony declares them: one namespace of function types in the manner of TypeScript (openai/harmony, docs/format.md).</summary>
internal static class HarmonyTools
{
    public static string Declare(IReadOnlyList<ToolDefinition> tools)
    {
        var output = new StringBuilder("## functions\n\nnamespace functions {\n\n");
        foreach (var tool in tools)
        {
            var schema = JsonSchemaNode.OfFunction(tool);
            foreach (var line in Lines(schema.Text("description")))
            {
                output.Append("// ").Append(line).Append('\n');
            }

            output.Append("type ").Append(schema.Text("name")).Append(" = (");
            if (schema.Child("parameters") is { } parameters && parameters.HasProperties)
            {
                output.Append("_: ").Append(HarmonyTypes.Of(parameters, ""));
            }

            output.Append(") => any;\n\n");
        }

        return output.Append("} // namespace functions").ToString();
    }

    private static IEnumerable<string> Lines(string? text)
    {
        using var reader = new StringReader(text ?? "");
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }
}
