using System.Text.Json;
using Crescent.Text.Templates;

namespace Crescent.Cli;

/// <summary>A chat-completions request body in a file, as far as a template renders it.</summary>
internal static class ChatRequestFile
{
    /// <exception cref="CommandFailedException">The file does not hold a request.</exception>
    public static PromptRequest Read(string option, string path)
    {
        try
        {
            // Kept open: tools go on being read from it.
            var root = JsonDocument.Parse(InputFile.ReadBytes(option, path)).RootElement;
            return Request(root);
        }
        catch (JsonException exception)
        {
            throw new CommandFailedException($"{path}: expected JSON: {CommandLine.FirstLine(exception.Message)}");
        }
        catch (InvalidOperationException)
        {
            // What JsonElement says of half a surrogate pair.
            throw new CommandFailedException($"{path}: expected Unicode text, found half a surrogate pair");
        }
        catch (FormatException exception)
        {
            throw new CommandFailedException($"{path}: {exception.Message}");
        }
    }

    private static PromptRequest Request(JsonElement root)
    {
        var options = Optional(root, "chat_template_kwargs", "the request", JsonValueKind.Object) ?? default;
        return new PromptRequest([.. List(root, "messages", "the request").Select((message, index) => Message(message, $"message {index}"))])
        {
            Tools = [.. OptionalList(root, "tools", "the request").Select(tool => new ToolDefinition(tool))],
            AddGenerationPrompt = Flag(root, "add_generation_prompt", "the request") ?? true,
            Thinking = options.ValueKind == JsonValueKind.Object ? Flag(options, "thinking", "chat_template_kwargs") ?? Flag(options, "enable_thinking", "chat_template_kwargs") : null,
            ReasoningEffort = Text(root, "reasoning_effort", "the request") switch
            {
                null or "medium" => ReasoningEffort.Medium,
                "low" => ReasoningEffort.Low,
                "high" => ReasoningEffort.High,
                var other => throw new FormatException($"reasoning_effort: expected low, medium or high, found '{other}'"),
            },
        };
    }

    private static ChatMessage Message(JsonElement json, string where) => new(
        Text(json, "role", where) ?? throw new FormatException($"{where}: expected a role, found none"), Content(json, where))
    {
        Name = Text(json, "name", where),
        ReasoningContent = Text(json, "reasoning_content", where),
        ToolCallId = Text(json, "tool_call_id", where),
        ToolCalls = [.. OptionalList(json, "tool_calls", where).Select((call, index) => Call(call, $"{where}, call {index}"))],
    };

    private static ToolCall Call(JsonElement json, string where)
    {
        var function = Optional(json, "function", where, JsonValueKind.Object) ?? throw new FormatException($"{where}: expected a function, found none");
        var name = Text(function, "name", where) ?? throw new FormatException($"{where}: expected the function's name, found none");
        var arguments = function.TryGetProperty("arguments", out var given) && given.ValueKind != JsonValueKind.Null ? given : JsonDocument.Parse("{}").RootElement;
        return ToolCall.FromJson(Text(json, "id", where) ?? "", name, arguments);
    }

    // A string, or a list of parts of text.
    private static string? Content(JsonElement json, string where)
    {
        if (!json.TryGetProperty("content", out var content) || content.ValueKind != JsonValueKind.Array)
        {
            return Text(json, "content", where);
        }

        return string.Concat(content.EnumerateArray().Select(part =>
            Text(part, "text", $"{where}, content") ?? throw new FormatException($"{where}: content: expected parts of type text, found {Text(part, "type", where) ?? "another"}")));
    }

    private static string? Text(JsonElement json, string name, string where) => Optional(json, name, where, JsonValueKind.String)?.GetString();

    private static bool? Flag(JsonElement json, string name, string where) => Optional(json, name, where, JsonValueKind.True, JsonValueKind.False)?.GetBoolean();

    private static JsonElement[] List(JsonElement json, string name, string where) =>
        Optional(json, name, where, JsonValueKind.Array) is { } list ? [.. list.EnumerateArray()] : throw new FormatException($"{where}: expected a list '{name}', found none");

    private static JsonElement[] OptionalList(JsonElement json, string name, string where) =>
        Optional(json, name, where, JsonValueKind.Array) is { } list ? [.. list.EnumerateArray()] : [];

    // A JSON null counts as absent.
    private static JsonElement? Optional(JsonElement json, string name, string where, params ReadOnlySpan<JsonValueKind> kinds)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException($"{where}: expected an object, found {json.ValueKind}");
        }

        if (!json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return kinds.Contains(value.ValueKind) ? value : throw new FormatException($"{where}: {name}: expected {kinds[0]}, found {value.ValueKind}");
    }
}
