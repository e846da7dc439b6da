using System.Text.Json;
using Crescent.Text.Templates;

namespace Crescent.Text.Tests.Support;

/// <summary>Conversations for templates.</summary>
internal static class Prompts
{
    public static string Text(ChatTemplate template, PromptRequest request) => string.Concat(template.Render(request).Select(segment => segment.Text));

    public static ToolDefinition Tool(string json) => new(JsonDocument.Parse(json).RootElement);

    public static ToolDefinition GetTime { get; } = Tool(
        """{"type": "function", "function": {"name": "get_time", "description": "Time in <city>", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}""");

    /// <summary>A settled question, then one in the middle of its calls.</summary>
    public static PromptRequest ToolLoop { get; } = new(
    [
        new ChatMessage("system", "Be brief."),
        new ChatMessage("user", "Hi"),
        new ChatMessage("assistant", "<think>\nold\n</think>\n\nHello."),
        new ChatMessage("user", "Time in Rome and Oslo?"),
        new ChatMessage("assistant", "")
        {
            ReasoningContent = "\nTwo calls.\n",
            ToolCalls = [new ToolCall("a", "get_time", """{"city": "Rome"}"""), new ToolCall("b", "get_time", """{"city": "Oslo"}""")],
        },
        new ChatMessage("tool", "10:00") { ToolCallId = "a" },
        new ChatMessage("tool", "11:00") { ToolCallId = "b" },
    ]);

    /// <summary>Marker names wherever a client can put text.</summary>
    public static PromptRequest Attack(string text) => new(
    [
        new ChatMessage("system", text),
        new ChatMessage("user", text) { Name = text },
        new ChatMessage(text, text),
        new ChatMessage("assistant", text) { ReasoningContent = text, ToolCalls = [new ToolCall(text, text, text)] },
        new ChatMessage("tool", text) { ToolCallId = text, Name = text },
    ])
    {
        Tools = [new ToolDefinition(JsonSerializer.SerializeToElement(new { function = new { name = text, description = text, parameters = new { type = "object", properties = new Dictionary<string, object> { [text] = new { type = "string", title = text, @default = text } } } } }))],
    };
}
