using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Crescent.Agents.Endpoints;

/// <summary>Writes the body of a chat-completions request.</summary>
internal static class CompletionRequest
{
    private static readonly JsonSerializerOptions s_compact = new(AIJsonUtilities.DefaultOptions) { WriteIndented = false };

    public static string Write(string model, IEnumerable<ChatMessage> messages, ChatOptions? options, bool streams)
    {
        var list = new JsonArray();
        if (options?.Instructions is { Length: > 0 } instructions)
        {
            list.Add((JsonNode)new JsonObject { ["role"] = "system", ["content"] = instructions });
        }

        foreach (var message in messages.SelectMany(Messages))
        {
            list.Add(message);
        }

        var body = new JsonObject { ["model"] = options?.ModelId ?? model, ["messages"] = list };
        if (streams)
        {
            body["stream"] = true;
            body["stream_options"] = new JsonObject { ["include_usage"] = true };
        }

        if (options is not null)
        {
            AddOptions(body, options);
        }

        return body.ToJsonString();
    }

    // Results of calls are messages of their own.
    private static IEnumerable<JsonNode> Messages(ChatMessage message)
    {
        foreach (var result in message.Contents.OfType<FunctionResultContent>())
        {
            yield return new JsonObject { ["role"] = "tool", ["tool_call_id"] = result.CallId, ["content"] = Text(result.Result) };
        }

        if (message.Role == ChatRole.Tool)
        {
            yield break;
        }

        var json = new JsonObject { ["role"] = message.Role.Value, ["content"] = message.Text };
        if (message.Contents.OfType<TextReasoningContent>().ToList() is { Count: > 0 } reasoning)
        {
            json["reasoning_content"] = string.Concat(reasoning.Select(part => part.Text));
        }

        if (message.Contents.OfType<FunctionCallContent>().ToList() is { Count: > 0 } calls)
        {
            json["tool_calls"] = new JsonArray([.. calls.Select(Call)]);
        }

        yield return json;
    }

    private static JsonObject Call(FunctionCallContent call) => new()
    {
        ["id"] = call.CallId,
        ["type"] = "function",
        ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = call.RawRepresentation as string ?? (call.Arguments is null ? "{}" : Serialize(call.Arguments)) },
    };

    private static void AddOptions(JsonObject body, ChatOptions options)
    {
        Add("temperature", options.Temperature);
        Add("top_p", options.TopP);
        Add("top_k", options.TopK);
        Add("max_completion_tokens", options.MaxOutputTokens);
        Add("seed", options.Seed);
        Add("presence_penalty", options.PresencePenalty);
        Add("frequency_penalty", options.FrequencyPenalty);
        if (options.StopSequences is { Count: > 0 } stops)
        {
            body["stop"] = new JsonArray([.. stops.Select(stop => JsonValue.Create(stop))]);
        }

        if (options.Tools?.OfType<AIFunctionDeclaration>().ToList() is { Count: > 0 } tools)
        {
            body["tools"] = new JsonArray([.. tools.Select(Tool)]);
            body["tool_choice"] = options.ToolMode switch
            {
                NoneChatToolMode => "none",
                RequiredChatToolMode { RequiredFunctionName: { } name } => new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = name } },
                RequiredChatToolMode => "required",
                _ => "auto",
            };
            Add("parallel_tool_calls", options.AllowMultipleToolCalls);
        }

        body["response_format"] = Format(options.ResponseFormat);
        if (body["response_format"] is null)
        {
            body.Remove("response_format");
        }

        foreach (var (name, value) in options.AdditionalProperties ?? [])
        {
            body[name] = JsonNode.Parse(Serialize(value));
        }

        void Add<T>(string name, T? value)
            where T : struct
        {
            if (value is { } given)
            {
                body[name] = JsonNode.Parse(Serialize(given));
            }
        }
    }

    private static JsonObject Tool(AIFunctionDeclaration tool) => new()
    {
        ["type"] = "function",
        ["function"] = new JsonObject { ["name"] = tool.Name, ["description"] = tool.Description, ["parameters"] = JsonNode.Parse(tool.JsonSchema.GetRawText()) },
    };

    private static JsonObject? Format(ChatResponseFormat? format) => format switch
    {
        ChatResponseFormatJson { Schema: { } schema } json => new JsonObject
        {
            ["type"] = "json_schema",
            ["json_schema"] = new JsonObject { ["name"] = json.SchemaName ?? "answer", ["schema"] = JsonNode.Parse(schema.GetRawText()), ["strict"] = true },
        },
        ChatResponseFormatJson => new JsonObject { ["type"] = "json_object" },
        _ => null,
    };

    private static string Text(object? result) => result as string ?? (result is null ? "" : Serialize(result));

    private static string Serialize(object? value) => JsonSerializer.Serialize(value, s_compact.GetTypeInfo(typeof(object)));
}
