using System.Text.Encodings.Web;
using System.Text.Json;
using Crescent.Text.Templates;

namespace Crescent.Cli;

/// <summary>A conversation on disk: a chat-completions request body, <c>{"messages":[{"role","content"},…]}</c>.</summary>
internal static class ConversationFile
{
    public static void Save(string path, Conversation conversation)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("messages");
            if (conversation.SystemMessage is { } system)
            {
                WriteMessage(writer, new ChatMessage("system", system));
            }

            foreach (var message in conversation.Messages)
            {
                WriteMessage(writer, message);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        using var file = OutputFile.Create("/save", path);
        stream.WriteTo(file);
    }

    /// <exception cref="CommandFailedException">The file does not hold a conversation.</exception>
    public static void Load(string path, Conversation conversation)
    {
        var messages = JsonFile.Read("/load", path, root => JsonFile.List(root, "messages", "the conversation").Select(ReadMessage).ToArray());
        var system = messages is [{ Role: "system" } first, ..] ? first.Content : null;
        conversation.Replace(system, system is null ? messages : messages.Skip(1));
    }

    private static void WriteMessage(Utf8JsonWriter writer, ChatMessage message)
    {
        writer.WriteStartObject();
        writer.WriteString("role", message.Role);
        writer.WriteString("content", message.Content ?? "");
        if (message.ReasoningContent is { } reasoning)
        {
            writer.WriteString("reasoning_content", reasoning);
        }

        if (message.ToolCallId is { } call)
        {
            writer.WriteString("tool_call_id", call);
        }

        if (message.ToolCalls.Count > 0)
        {
            WriteCalls(writer, message.ToolCalls);
        }

        writer.WriteEndObject();
    }

    private static void WriteCalls(Utf8JsonWriter writer, IReadOnlyList<ToolCall> calls)
    {
        writer.WriteStartArray("tool_calls");
        foreach (var call in calls)
        {
            writer.WriteStartObject();
            writer.WriteString("id", call.Id);
            writer.WriteString("type", "function");
            writer.WriteStartObject("function");
            writer.WriteString("name", call.Name);
            writer.WriteString("arguments", call.Arguments);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static ChatMessage ReadMessage(JsonElement json, int index)
    {
        var message = ChatRequestFile.Message(json, $"message {index}");
        return message.Role is not ("system" or "user" or "assistant" or "tool")
            ? throw new FormatException($"message {index}: expected a role of system, user, assistant or tool, found '{message.Role}'")
            : message is { Content: null, ToolCalls.Count: 0 } ? throw new FormatException($"message {index}: expected a text content, found none")
            : message;
    }
}
