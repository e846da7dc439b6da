using System.Globalization;
using Crescent.Server.Http;
using Crescent.Server.OpenAi;
using Crescent.Text.Templates;

namespace Crescent.Server.Ollama;

/// <summary>Reads Ollama's messages, whose calls have no ids: results answer calls by the tool's name, else in their order.</summary>
internal sealed class OllamaMessages
{
    private const int MostMessages = 16384;
    private const int MostImages = 1;

    private readonly List<ChatMessage> _messages = [];
    private readonly List<ToolCall> _unanswered = [];
    private int _calls;

    public static List<ChatMessage> Read(in JsonFields body)
    {
        var reader = new OllamaMessages();
        foreach (var message in body.Objects("messages", MostMessages))
        {
            reader.Add(message);
        }

        return reader._messages;
    }

    /// <exception cref="ApiException">There are images.</exception>
    public static void RefuseImages(in JsonFields body)
    {
        if (body.List("images", MostImages) is { Count: > 0 })
        {
            throw ApiException.Invalid(body.PathOf("images"), "this model reads no images");
        }
    }

    private void Add(in JsonFields fields)
    {
        RefuseImages(fields);
        var message = MessageReader.Message(fields);
        message = message with { ReasoningContent = fields.Text("thinking") ?? message.ReasoningContent, ToolCalls = [.. message.ToolCalls.Select(WithId)] };
        if (message.Role == "assistant")
        {
            _unanswered.Clear();
            _unanswered.AddRange(message.ToolCalls);
        }
        else if (message is { Role: "tool", ToolCallId: null })
        {
            message = message with { ToolCallId = Answer(fields.Text("tool_name") ?? message.Name), Name = null };
        }

        _messages.Add(message);
    }

    private ToolCall WithId(ToolCall call) => call with { Id = call.Id.Length > 0 ? call.Id : $"call_{(_calls++).ToString(CultureInfo.InvariantCulture)}" };

    private string? Answer(string? tool)
    {
        var at = Math.Max(0, _unanswered.FindIndex(call => call.Name == tool));
        if (at >= _unanswered.Count)
        {
            return null;
        }

        var id = _unanswered[at].Id;
        _unanswered.RemoveAt(at);
        return id;
    }
}
