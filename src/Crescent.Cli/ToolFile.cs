using System.Text.Json;
using Crescent.Text.Templates;

namespace Crescent.Cli;

/// <summary>Tools in a file: <c>tools</c> of the chat completions API, alone or in an object that has them so.</summary>
internal static class ToolFile
{
    /// <exception cref="CommandFailedException">The file does not hold tools.</exception>
    public static IReadOnlyList<ToolDefinition> Read(string option, string path) => JsonFile.Read(option, path, Tools);

    /// <summary>A tool's name; empty where it has none.</summary>
    public static string NameOf(ToolDefinition tool) => TextOf(tool, "name");

    /// <summary>What a tool says of itself; empty where it says nothing.</summary>
    public static string DescriptionOf(ToolDefinition tool) => TextOf(tool, "description");

    private static List<ToolDefinition> Tools(JsonElement root)
    {
        var list = root.ValueKind switch
        {
            JsonValueKind.Array => [.. root.EnumerateArray()],
            JsonValueKind.Object => JsonFile.List(root, "tools", "the file"),
            var other => throw new FormatException($"expected a list of tools, or an object with a list 'tools', found {other}"),
        };
        if (list.Length == 0)
        {
            throw new FormatException("expected at least one tool, found none");
        }

        var names = new HashSet<string>();
        foreach (var (index, tool) in list.Index())
        {
            var name = Check(tool, $"tool {index}");
            if (!names.Add(name))
            {
                throw new FormatException($"tool {index}: expected a name of its own, found '{name}' again");
            }
        }

        return [.. list.Select(tool => new ToolDefinition(tool))];
    }

    private static string Check(JsonElement tool, string where)
    {
        if (JsonFile.Text(tool, "type", where) is not (null or "function") and var type)
        {
            throw new FormatException($"{where}: type: expected function, found '{type}'");
        }

        var function = JsonFile.Optional(tool, "function", where, JsonValueKind.Object) ?? throw new FormatException($"{where}: expected an object 'function', found none");
        _ = JsonFile.Text(function, "description", where);
        _ = JsonFile.Optional(function, "parameters", where, JsonValueKind.Object);
        var name = JsonFile.Text(function, "name", where);
        return !string.IsNullOrEmpty(name) && !name.Any(character => char.IsControl(character) || character is '"' or '\\')
            ? name
            : throw new FormatException($"{where}: expected the function's name, without quotation marks, found {(name is null ? "none" : $"'{name}'")}");
    }

    private static string TextOf(ToolDefinition tool, string field) =>
        tool.Json.TryGetProperty("function", out var function) && function.TryGetProperty(field, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : "";
}
