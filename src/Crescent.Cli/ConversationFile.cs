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
                WriteMessage(writer, "system", system);
            }

            foreach (var message in conversation.Messages)
            {
                WriteMessage(writer, message.Role, message.Content ?? "");
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
        using var document = Parse(path);
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("messages", out var list)
            || list.ValueKind != JsonValueKind.Array)
        {
            throw new CommandFailedException($"{path}: expected an object with an array 'messages', found {document.RootElement.ValueKind}");
        }

        var messages = list.EnumerateArray().Select((message, index) => ReadMessage(path, message, index)).ToList();
        var system = messages.Count > 0 && messages[0].Role == "system" ? messages[0].Content : null;
        conversation.Replace(system, system is null ? messages : messages.Skip(1));
    }

    private static JsonDocument Parse(string path)
    {
        try
        {
            return JsonDocument.Parse(InputFile.ReadBytes("/load", path));
        }
        catch (JsonException exception)
        {
            throw new CommandFailedException($"{path}: expected JSON: {CommandLine.FirstLine(exception.Message)}");
        }
    }

    private static void WriteMessage(Utf8JsonWriter writer, string role, string content)
    {
        writer.WriteStartObject();
        writer.WriteString("role", role);
        writer.WriteString("content", content);
        writer.WriteEndObject();
    }

    private static ChatMessage ReadMessage(string path, JsonElement message, int index)
    {
        if (message.ValueKind == JsonValueKind.Object
            && message.TryGetProperty("role", out var role) && role.ValueKind == JsonValueKind.String && role.GetString() is "system" or "user" or "assistant"
            && message.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String)
        {
            return new ChatMessage(role.GetString()!, content.GetString());
        }

        throw new CommandFailedException($"{path}: message {index}: expected a role of system, user or assistant and a text content");
    }
}
