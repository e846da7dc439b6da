using System.Text.Json;
using Crescent.Text.Templates;

namespace Crescent.Cli;

/// <summary>A chat-completions request body in a file, as far as a template renders it.</summary>
internal static class ChatRequestFile
{
    /// <exception cref="CommandFailedException">The file does not hold a request.</exception>
    public static PromptRequest Read(string option, string path) => JsonFile.Read(option, path, Request);

    private static PromptRequest Request(JsonElement root)
    {
        var options = JsonFile.Optional(root, "chat_template_kwargs", "the request", JsonValueKind.Object) ?? default;
        return new PromptRequest([.. JsonFile.List(root, "messages", "the request").Select((message, index) => Message(message, $"message {index}"))])
        {
            Tools = [.. JsonFile.OptionalList(root, "tools", "the request").Select(tool => new ToolDefinition(tool))],
            AddGenerationPrompt = JsonFile.Flag(root, "add_generation_prompt", "the request") ?? true,
            Thinking = options.ValueKind == JsonValueKind.Object ? JsonFile.Flag(options, "thinking", "chat_template_kwargs") ?? JsonFile.Flag(options, "enable_thinking", "chat_template_kwargs") : null,
            ReasoningEffort = JsonFile.Text(root, "reasoning_effort", "the request") switch
            {
                null or "medium" => ReasoningEffort.Medium,
                "low" => ReasoningEffort.Low,
                "high" => ReasoningEffort.High,
                var other => throw new FormatException($"reasoning_effort: expected low, medium or high, found '{other}'"),
            },
        };
    }

    /// <exception cref="FormatException">It is no message.</exception>
    public static ChatMessage Message(JsonElement json, string where) => new(
        JsonFile.Text(json, "role", where) ?? throw new FormatException($"{where}: expected a role, found none"), Content(json, where))
    {
        Name = JsonFile.Text(json, "name", where),
        ReasoningContent = JsonFile.Text(json, "reasoning_content", where),
        ToolCallId = JsonFile.Text(json, "tool_call_id", where),
        ToolCalls = [.. JsonFile.OptionalList(json, "tool_calls", where).Select((call, index) => Call(call, $"{where}, call {index}"))],
    };

    private static ToolCall Call(JsonElement json, string where)
    {
        var function = JsonFile.Optional(json, "function", where, JsonValueKind.Object) ?? throw new FormatException($"{where}: expected a function, found none");
        var name = JsonFile.Text(function, "name", where) ?? throw new FormatException($"{where}: expected the function's name, found none");
        var arguments = function.TryGetProperty("arguments", out var given) && given.ValueKind != JsonValueKind.Null ? given : JsonDocument.Parse("{}").RootElement;
        return ToolCall.FromJson(JsonFile.Text(json, "id", where) ?? "", name, arguments);
    }

    // A string, or a list of parts of text.
    private static string? Content(JsonElement json, string where)
    {
        if (!json.TryGetProperty("content", out var content) || content.ValueKind != JsonValueKind.Array)
        {
            return JsonFile.Text(json, "content", where);
        }

        return string.Concat(content.EnumerateArray().Select(part =>
            JsonFile.Text(part, "text", $"{where}, content") ?? throw new FormatException($"{where}: content: expected parts of type text, found {JsonFile.Text(part, "type", where) ?? "another"}")));
    }
}
