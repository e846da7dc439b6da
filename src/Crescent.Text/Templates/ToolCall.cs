using System.Text.Json;

namespace Crescent.Text.Templates;

/// <summary>A call the assistant made. Arguments are the model's own text, put into the prompt as they are.</summary>
public sealed record ToolCall(string Id, string Name, string Arguments)
{
    /// <summary>A call whose arguments came as JSON: a string is taken as it is, an object is spelled as Python would.</summary>
    /// <exception cref="ArgumentException">A string inside is not valid Unicode.</exception>
    public static ToolCall FromJson(string id, string name, JsonElement arguments) =>
        new(id, name, arguments.ValueKind == JsonValueKind.String ? PythonJson.Text(arguments) : PythonJson.Write(arguments, PythonJsonStyle.Spaced));
}
