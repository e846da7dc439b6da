using System.Text.Json;
using Crescent.Server.Http;
using Crescent.Server.OpenAi;
using Crescent.Text.Templates;

namespace Crescent.Server.Anthropic;

/// <summary>Reads Anthropic's tools and which of them may, must or must not be called.</summary>
internal static class AnthropicTools
{
    private const int MostTools = 1024;

    /// <param name="parallel">Whether an answer may have several calls.</param>
    public static IReadOnlyList<ToolDefinition> Read(in JsonFields body, out ToolChoice choice, out bool parallel)
    {
        var tools = body.Objects("tools", MostTools).Select(Tool).ToArray();
        var given = body.Object("tool_choice");
        parallel = given?.Flag("disable_parallel_tool_use") != true;
        choice = Choice(given, [.. tools.Select(tool => tool.Name)]);
        return choice.Kind == ToolChoiceKind.None ? [] : [.. tools.Select(tool => new ToolDefinition(tool.Json))];
    }

    private static (string Name, JsonElement Json) Tool(JsonFields tool) => tool.Text("type") is null or "custom"
        ? FunctionTool.Read(tool, "input_schema")!.Value
        : throw ApiException.Invalid(tool.PathOf("type"), "expected custom, found another: this server runs no tools of its own");

    private static ToolChoice Choice(JsonFields? given, string[] tools)
    {
        if (given is not { } choice)
        {
            return ToolChoice.Auto;
        }

        switch (choice.RequireText("type"))
        {
            case "auto":
                return ToolChoice.Auto;
            case "none":
                return new ToolChoice(ToolChoiceKind.None);
            case "any":
                return tools.Length > 0 ? new ToolChoice(ToolChoiceKind.Required) : throw ApiException.Invalid("tool_choice", "a call is required, but there are no tools");
            case "tool":
                var name = choice.RequireText("name");
                return tools.Contains(name) ? new ToolChoice(ToolChoiceKind.Function, name) : throw ApiException.Invalid("tool_choice.name", $"expected the name of one of the tools, found '{name}'");
            default:
                throw ApiException.Invalid("tool_choice.type", "expected auto, any, tool or none, found another");
        }
    }
}
