using System.Text.Json;
using Crescent.Server.Http;
using Crescent.Text.Templates;

namespace Crescent.Server.OpenAi;

/// <summary>Reads tools and which of them may, must or must not be called.</summary>
internal static class ToolReader
{
    private const int MostTools = 1024;

    /// <summary>The tools on offer: none where the choice is none, those that are allowed where it lists them.</summary>
    /// <param name="choice">What the answer is bound to.</param>
    public static IReadOnlyList<ToolDefinition> Read(in JsonFields body, out ToolChoice choice) => Read(body, Tool, out choice);

    /// <summary>The tools on offer of an API that declares them in its own way.</summary>
    /// <param name="read">One of them; null where it is passed over.</param>
    public static IReadOnlyList<ToolDefinition> Read(in JsonFields body, Func<JsonFields, (string Name, JsonElement Json)?> read, out ToolChoice choice)
    {
        var tools = body.Objects("tools", MostTools).Select(read).OfType<(string Name, JsonElement Json)>().ToArray();
        choice = Choice(body, tools.Select(tool => tool.Name), out var allowed);
        return choice.Kind == ToolChoiceKind.None ? [] : [.. tools.Where(tool => allowed is null || allowed.Contains(tool.Name)).Select(tool => new ToolDefinition(tool.Json))];
    }

    private static (string Name, JsonElement Json)? Tool(JsonFields tool)
    {
        if (tool.Text("type") is not (null or "function" or "builtin_function"))
        {
            throw ApiException.Invalid(tool.PathOf("type"), "expected function or builtin_function, found another");
        }

        var function = tool.Object("function") ?? throw ApiException.Invalid(tool.PathOf("function"), "expected an object, found nothing");
        var name = function.RequireText("name");
        _ = function.Text("description");
        _ = function.Object("parameters");
        return name.Length > 0 ? (name, tool.Element) : throw ApiException.Invalid(function.PathOf("name"), "expected a name, found an empty string");
    }

    private static ToolChoice Choice(in JsonFields body, IEnumerable<string> tools, out HashSet<string>? allowed)
    {
        allowed = null;
        if (body.Get("tool_choice") is not { } value)
        {
            return ToolChoice.Auto;
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return Named(JsonFields.TextOf(value, "tool_choice"), "tool_choice", tools);
        }

        var choice = JsonFields.ObjectOf(value, "tool_choice");
        switch (choice.RequireText("type"))
        {
            case "function":
                var name = (choice.Object("function") ?? choice).RequireText("name");
                return tools.Contains(name) ? new ToolChoice(ToolChoiceKind.Function, name) : throw ApiException.Invalid("tool_choice", $"expected the name of one of the tools, found '{name}'");
            case "allowed_tools":
                var list = choice.Object("allowed_tools") ?? choice;
                allowed = [.. list.Objects("tools", MostTools).Select(tool => (tool.Object("function") ?? tool).RequireText("name"))];
                return Named(list.Text("mode") ?? "auto", list.PathOf("mode"), tools);
            default:
                throw ApiException.Invalid("tool_choice.type", "expected function or allowed_tools, found another");
        }
    }

    private static ToolChoice Named(string name, string path, IEnumerable<string> tools) => name switch
    {
        "none" => new ToolChoice(ToolChoiceKind.None),
        "auto" => ToolChoice.Auto,
        "required" when !tools.Any() => throw ApiException.Invalid(path, "required, but there are no tools"),
        "required" => new ToolChoice(ToolChoiceKind.Required),
        _ => throw ApiException.Invalid(path, "expected none, auto, required or an object, found another string"),
    };
}
