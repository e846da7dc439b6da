using System.Text;
using System.Text.Json;
using Crescent.Text.Templates;
using Microsoft.Extensions.AI;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;
using TemplateMessage = Crescent.Text.Templates.ChatMessage;

namespace Crescent.Engine.Chat.Extensions;

/// <summary>Reads Microsoft.Extensions.AI's messages and tools into what a template renders.</summary>
internal static class Conversations
{
    /// <exception cref="NotSupportedException">A content or a tool that a text model has no place for.</exception>
    public static PromptRequest Read(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        var read = new List<TemplateMessage>();
        if (!string.IsNullOrEmpty(options?.Instructions))
        {
            read.Add(new TemplateMessage("system", options.Instructions));
        }

        foreach (var message in messages)
        {
            Add(message, read);
        }

        return new PromptRequest(read)
        {
            Tools = options?.ToolMode is NoneChatToolMode ? [] : [.. (options?.Tools ?? []).Select(Tool)],
            Thinking = options?.Reasoning?.Effort is { } effort ? effort != Microsoft.Extensions.AI.ReasoningEffort.None : null,
            ReasoningEffort = options?.Reasoning?.Effort switch
            {
                Microsoft.Extensions.AI.ReasoningEffort.Low or Microsoft.Extensions.AI.ReasoningEffort.None => Text.Templates.ReasoningEffort.Low,
                Microsoft.Extensions.AI.ReasoningEffort.High or Microsoft.Extensions.AI.ReasoningEffort.ExtraHigh => Text.Templates.ReasoningEffort.High,
                _ => Text.Templates.ReasoningEffort.Medium,
            },
        };
    }

    private static void Add(ChatMessage message, List<TemplateMessage> read)
    {
        var text = new StringBuilder();
        StringBuilder? reasoning = null;
        var calls = new List<ToolCall>();
        foreach (var content in message.Contents)
        {
            switch (content)
            {
                case TextContent { Text: var piece }:
                    text.Append(piece);
                    break;
                case TextReasoningContent { Text: var thought }:
                    (reasoning ??= new StringBuilder()).Append(thought);
                    break;
                case FunctionCallContent call:
                    calls.Add(ToolCall.FromJson(call.CallId, call.Name, Arguments(call)));
                    break;
                case FunctionResultContent result:
                    // Each result is a message of its own.
                    read.Add(new TemplateMessage("tool", Result(result)) { ToolCallId = result.CallId });
                    break;
                case UsageContent or ErrorContent:
                    break;
                default:
                    throw new NotSupportedException($"a message of role {message.Role} holds {content.GetType().Name}; text, reasoning, tool calls and their results are supported");
            }
        }

        if (message.Role != ChatRole.Tool || text.Length > 0)
        {
            read.Add(new TemplateMessage(message.Role.Value, text.ToString())
            {
                Name = message.AuthorName,
                ReasoningContent = reasoning?.ToString(),
                ToolCalls = calls,
            });
        }
    }

    private static JsonElement Arguments(FunctionCallContent call)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in call.Arguments ?? new Dictionary<string, object?>())
            {
                writer.WritePropertyName(name);
                JsonValues.Write(writer, value);
            }

            writer.WriteEndObject();
        }

        using var document = JsonDocument.Parse(buffer.ToArray());
        return document.RootElement.Clone();
    }

    private static string Result(FunctionResultContent result) =>
        result.Exception is { } exception ? $"Error: {exception.Message}"
        : result.Result switch
        {
            null => "",
            string text => text,
            JsonElement { ValueKind: JsonValueKind.String } element => element.GetString()!,
            var value => JsonValues.Text(value),
        };

    private static ToolDefinition Tool(AITool tool)
    {
        if (tool is not AIFunctionDeclaration function)
        {
            throw new NotSupportedException($"the tool {tool.Name} is a {tool.GetType().Name}; functions are supported");
        }

        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("type", "function");
            writer.WriteStartObject("function");
            writer.WriteString("name", function.Name);
            writer.WriteString("description", function.Description);
            writer.WritePropertyName("parameters");
            function.JsonSchema.WriteTo(writer);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        using var document = JsonDocument.Parse(buffer.ToArray());
        return new ToolDefinition(document.RootElement.Clone());
    }
}
