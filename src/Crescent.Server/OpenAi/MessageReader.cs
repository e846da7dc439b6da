using System.Globalization;
using System.Text.Json;
using Crescent.Server.Http;
using Crescent.Text.Templates;

namespace Crescent.Server.OpenAi;

/// <summary>Reads OpenAI's messages.</summary>
internal static class MessageReader
{
    private const int MostMessages = 16384;
    private const int MostCalls = 1024;
    private const int MostParts = 4096;

    /// <param name="isPartial">Whether the last message is the beginning of the answer (Moonshot's partial mode).</param>
    public static List<ChatMessage> Read(in JsonFields body, out bool isPartial)
    {
        isPartial = false;
        if (!body.Has("messages"))
        {
            throw ApiException.Invalid("messages", "expected a list of messages, found nothing");
        }

        var messages = new List<ChatMessage>();
        foreach (var message in body.Objects("messages", MostMessages))
        {
            messages.Add(Message(message));
            isPartial = message.Flag("partial") == true && messages[^1].Role == "assistant";
        }

        return messages.Count > 0 ? messages : throw ApiException.Invalid("messages", "expected at least one message, found none");
    }

    public static ChatMessage Message(JsonFields message)
    {
        var role = message.RequireText("role");
        return new ChatMessage(Role(role, message), Content(message))
        {
            Name = message.Text("name"),
            ReasoningContent = message.Text("reasoning_content") ?? message.Text("reasoning"),
            ToolCallId = message.Text("tool_call_id"),
            ToolCalls = [.. message.Objects("tool_calls", MostCalls).Select(Call)],
        };
    }

    private static string Role(string role, in JsonFields message) => role switch
    {
        "developer" => "system",
        "function" => "tool",
        "system" or "user" or "assistant" or "tool" => role,
        _ => throw ApiException.Invalid(message.PathOf("role"), "expected system, developer, user, assistant or tool, found another"),
    };

    private static string? Content(in JsonFields message) => message.Get("content") is { } content ? Content(content, message.PathOf("content")) : null;

    /// <summary>A string, or parts of text that belong together.</summary>
    /// <param name="path">Where it is in the request.</param>
    public static string Content(JsonElement content, string path)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            return JsonFields.TextOf(content, path);
        }

        if (content.ValueKind != JsonValueKind.Array)
        {
            throw JsonFields.Wrong(path, "a string or a list of parts", content);
        }

        return string.Concat(JsonFields.ListOf(content, path, MostParts).Select((part, index) => Part(part, $"{path}[{index.ToString(CultureInfo.InvariantCulture)}]")));
    }

    private static string Part(JsonElement part, string path)
    {
        if (part.ValueKind == JsonValueKind.String)
        {
            return JsonFields.TextOf(part, path);
        }

        var fields = JsonFields.ObjectOf(part, path);
        return fields.Text("type") switch
        {
            "text" or "input_text" or "output_text" or null => fields.RequireText("text"),
            "refusal" => fields.RequireText("refusal"),
            _ => throw ApiException.Invalid(fields.PathOf("type"), "expected parts of type text: this model reads no images, audio or files"),
        };
    }

    private static ToolCall Call(JsonFields call)
    {
        var function = call.Object("function") ?? throw ApiException.Invalid(call.PathOf("function"), "expected an object, found nothing");
        var name = function.RequireText("name");
        var id = call.Text("id") ?? "";
        return function.Get("arguments") is { } arguments ? ToolCall.FromJson(id, name, arguments) : new ToolCall(id, name, "{}");
    }
}
