using System.Text.Json;
using Crescent.Server.Http;
using Crescent.Server.OpenAi;
using Crescent.Text.Templates;

namespace Crescent.Server.Responses;

/// <summary>The body of <c>/v1/responses</c> as it was understood: the chat completion that it asks for, and what the reply repeats of it.</summary>
internal sealed record ResponsesRequest(JsonFields Body, ChatCompletionRequest Chat)
{
    private const int MostIncludes = 64;
    private const string SealedReasoningName = "reasoning.encrypted_content";

    /// <summary>The conversation to keep, without instructions.</summary>
    public required IReadOnlyList<ChatMessage> Conversation { get; init; }

    public string? Instructions { get; private init; }

    public string? PreviousResponseId { get; private init; }

    public bool Store { get; private init; }

    /// <summary>Whether reasoning is to be sealed for a client that keeps it.</summary>
    public bool SealsReasoning { get; private init; }

    /// <param name="owner">The key of the request.</param>
    /// <exception cref="ApiException">A field has the wrong type or range, or the answer before is not kept.</exception>
    public static ResponsesRequest Read(JsonFields body, ResponseStore store, int owner)
    {
        Refuse(body);
        var previous = body.Text("previous_response_id");
        var conversation = new ItemConversation(previous is null ? [] : Before(previous, store, owner));
        ItemReader.Read(body, conversation);
        var instructions = body.Text("instructions");
        IReadOnlyList<ChatMessage> messages = string.IsNullOrEmpty(instructions) ? conversation.Messages : [new ChatMessage("system", instructions), .. conversation.Messages];
        if (messages.Count == 0)
        {
            throw ApiException.Invalid("input", "expected at least one item, found none");
        }

        return new ResponsesRequest(body, ReadChat(body, messages))
        {
            Conversation = conversation.Messages,
            Instructions = instructions,
            PreviousResponseId = previous,
            Store = body.Flag("store") ?? true,
            SealsReasoning = body.List("include", MostIncludes)?.Any(name => JsonFields.TextOf(name, "include") == SealedReasoningName) ?? false,
        };
    }

    private static ChatCompletionRequest ReadChat(in JsonFields body, IReadOnlyList<ChatMessage> messages)
    {
        var tools = ToolReader.Read(body, Tool, out var choice);
        var conversation = new PromptRequest(messages) { Tools = tools };
        return new ChatCompletionRequest
        {
            Model = body.Text("model"),
            Conversation = ReasoningReader.WithEffort(conversation, body.Object("reasoning")?.Text("effort"), "reasoning.effort"),
            Sampling = SamplingReader.Read(body),
            MaxTokens = body.Count("max_output_tokens", 1),
            Choices = 1,
            ParallelToolCalls = body.Flag("parallel_tool_calls") ?? true,
            ToolChoice = choice,
            Format = ReadFormat(body),
            Stream = body.Flag("stream") ?? false,
        };
    }

    private static IReadOnlyList<ChatMessage> Before(string id, ResponseStore store, int owner) => store.Find(id, owner)?.Conversation ?? throw ApiException.Invalid(
        "previous_response_id", $"no response with id '{id}' is kept here; send the whole conversation as input", "previous_response_not_found");

    // Tools of OpenAI's own that the model may do without are passed over.
    private static (string Name, JsonElement Json)? Tool(JsonFields tool) => tool.RequireText("type") switch
    {
        "function" => FunctionTool.Read(tool, "parameters"),
        "web_search" or "web_search_preview" => null,
        _ => throw ApiException.Invalid(tool.PathOf("type"), "expected function, found another: this server runs no tools of its own"),
    };

    private static ResponseFormat? ReadFormat(in JsonFields body)
    {
        if (body.Object("text")?.Object("format") is not { } format)
        {
            return null;
        }

        return format.RequireText("type") switch
        {
            "text" => null,
            "json_object" => new ResponseFormat(Schema: null),
            "json_schema" => new ResponseFormat((format.Object("schema") ?? throw ApiException.Invalid(format.PathOf("schema"), "expected a JSON schema, found nothing")).Element),
            _ => throw ApiException.Invalid(format.PathOf("type"), "expected text, json_object or json_schema, found another"),
        };
    }

    private static void Refuse(in JsonFields body)
    {
        if (body.Flag("background") == true)
        {
            throw ApiException.Invalid("background", "this server answers while the client waits", "unsupported_value");
        }

        foreach (var name in (string[])["conversation", "prompt"])
        {
            if (body.Has(name))
            {
                throw ApiException.Invalid(name, "this server keeps no such objects; send input, or previous_response_id", "unsupported_value");
            }
        }
    }
}
