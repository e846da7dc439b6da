using System.Globalization;
using System.Text.Json;
using Crescent.Server.Http;
using Crescent.Text.Templates;

namespace Crescent.Server.Anthropic;

/// <summary>Reads Anthropic's system prompt and messages, whose results of tools are blocks of the user's messages.</summary>
internal static class BlockReader
{
    private const int MostMessages = 16384;
    private const int MostBlocks = 4096;

    /// <param name="isPartial">Whether the last message is the beginning of the answer.</param>
    public static List<ChatMessage> Read(in JsonFields body, out bool isPartial)
    {
        var messages = new List<ChatMessage>();
        if (body.Get("system") is { } system && TextOf(system, "system") is { Length: > 0 } text)
        {
            messages.Add(new ChatMessage("system", text));
        }

        var before = messages.Count;
        foreach (var message in body.Objects("messages", MostMessages))
        {
            Add(message, messages);
        }

        if (messages.Count == before)
        {
            throw ApiException.Invalid("messages", "expected at least one message, found none");
        }

        isPartial = messages[^1].Role == "assistant";
        return isPartial && messages[^1].ToolCalls.Count > 0
            ? throw ApiException.Invalid("messages", "expected a tool_result for each tool_use, found none after the last")
            : messages;
    }

    private static void Add(JsonFields message, List<ChatMessage> messages)
    {
        if (!message.Has("content"))
        {
            throw ApiException.Invalid(message.PathOf("content"), "expected a string or a list of blocks, found nothing");
        }

        switch (message.RequireText("role"))
        {
            case "user":
                AddUser(message, messages);
                break;
            case "assistant":
                messages.Add(Assistant(message));
                break;
            case "system":
                messages.Add(new ChatMessage("system", TextOf(message.Get("content")!.Value, message.PathOf("content"))));
                break;
            default:
                throw ApiException.Invalid(message.PathOf("role"), "expected user, assistant or system, found another");
        }
    }

    private static void AddUser(in JsonFields message, List<ChatMessage> messages)
    {
        var before = messages.Count;
        var texts = new List<string>();
        foreach (var block in Blocks(message.Get("content")!.Value, message.PathOf("content")))
        {
            if (block.Text("type") == "tool_result")
            {
                Flush();
                messages.Add(new ChatMessage("tool", block.Get("content") is { } result ? TextOf(result, block.PathOf("content")) : "") { ToolCallId = block.RequireText("tool_use_id") });
            }
            else
            {
                texts.Add(PlainText(block));
            }
        }

        if (texts.Count > 0 || messages.Count == before)
        {
            Flush(orEmpty: true);
        }

        void Flush(bool orEmpty = false)
        {
            if (texts.Count > 0 || orEmpty)
            {
                messages.Add(new ChatMessage("user", Join(texts)));
                texts.Clear();
            }
        }
    }

    private static ChatMessage Assistant(in JsonFields message)
    {
        var (texts, thinking, calls) = (new List<string>(), new List<string>(), new List<ToolCall>());
        foreach (var block in Blocks(message.Get("content")!.Value, message.PathOf("content")))
        {
            switch (block.Text("type"))
            {
                case "thinking":
                    thinking.Add(block.RequireText("thinking"));
                    break;
                case "redacted_thinking": // another service's, which alone can read it
                    break;
                case "tool_use":
                    var input = block.Object("input") ?? throw ApiException.Invalid(block.PathOf("input"), "expected an object, found nothing");
                    calls.Add(ToolCall.FromJson(block.RequireText("id"), block.RequireText("name"), input.Element));
                    break;
                default:
                    texts.Add(PlainText(block));
                    break;
            }
        }

        return new ChatMessage("assistant", texts.Count > 0 || calls.Count == 0 ? Join(texts) : null) { ReasoningContent = thinking.Count > 0 ? Join(thinking) : null, ToolCalls = calls };
    }

    private static string TextOf(JsonElement content, string path) => Join(Blocks(content, path).Select(PlainText));

    private static string PlainText(JsonFields block) => block.RequireText("type") == "text"
        ? block.RequireText("text")
        : throw ApiException.Invalid(block.PathOf("type"), "expected a block of text here, found another: this model reads no images or documents, and this server runs no tools");

    // A string is one block of text.
    private static IEnumerable<JsonFields> Blocks(JsonElement content, string path)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            return [new JsonFields(AsBlock(JsonFields.TextOf(content, path)), path)];
        }

        return content.ValueKind == JsonValueKind.Array
            ? JsonFields.ListOf(content, path, MostBlocks).Select((block, index) => JsonFields.ObjectOf(block, $"{path}[{index.ToString(CultureInfo.InvariantCulture)}]"))
            : throw JsonFields.Wrong(path, "a string or a list of blocks", content);
    }

    private static JsonElement AsBlock(string text) => JsonSerializer.SerializeToElement(new Wire.ContentBlock("text") { Text = text }, Wire.AnthropicJson.Relaxed.ContentBlock);

    private static string Join(IEnumerable<string> texts) => string.Join('\n', texts);
}
