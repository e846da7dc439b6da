using System.Text.Json;
using Crescent.Engine.Chat;
using Crescent.Server.Http;
using Crescent.Server.Models;
using Crescent.Server.OpenAi;
using Crescent.Text.Templates;

namespace Crescent.Server.Ollama;

/// <summary>The body of <c>/api/chat</c> or <c>/api/generate</c> as it was understood.</summary>
/// <param name="Chat">The chat completion that it asks for; null where it has nothing to answer, which loads the model.</param>
/// <param name="Model">The model's name as the client gave it.</param>
internal sealed record OllamaRequest(string Model, ChatCompletionRequest? Chat, bool Stream)
{
    private const int MostStops = 16;
    private const int Unlimited = -1;
    private const int FillContext = -2;

    /// <summary>With generate: a text to go on from as it is, past the template.</summary>
    public string? RawPrompt { get; private init; }

    /// <summary>How long the model stays after it; null where it does not say.</summary>
    public TimeSpan? KeepAlive { get; private init; }

    /// <exception cref="ApiException">A field has the wrong type or range.</exception>
    public static OllamaRequest ReadChat(JsonFields body)
    {
        var messages = OllamaMessages.Read(body);
        return new OllamaRequest(NameOf(body), messages.Count > 0 ? Read(body, messages) : null, body.Flag("stream") ?? true) { KeepAlive = Ollama.KeepAlive.Read(body) };
    }

    /// <inheritdoc cref="ReadChat"/>
    public static OllamaRequest ReadGenerate(JsonFields body)
    {
        foreach (var field in (string[])["suffix", "template"])
        {
            if (body.Text(field) is { Length: > 0 })
            {
                throw ApiException.Invalid(field, "this server does not fill in the middle of texts, and takes no templates");
            }
        }

        OllamaMessages.RefuseImages(body);
        var (name, stream, prompt) = (NameOf(body), body.Flag("stream") ?? true, body.Text("prompt"));
        if (string.IsNullOrEmpty(prompt))
        {
            return new OllamaRequest(name, null, stream) { KeepAlive = Ollama.KeepAlive.Read(body) };
        }

        var user = new ChatMessage("user", prompt);
        var chat = Read(body, body.Text("system") is { Length: > 0 } system ? [new ChatMessage("system", system), user] : [user]);
        return new OllamaRequest(name, chat, stream) { RawPrompt = body.Flag("raw") == true ? prompt : null, KeepAlive = Ollama.KeepAlive.Read(body) };
    }

    /// <summary>What the engine is asked for.</summary>
    public ChatRequest ToChatRequest(ServedModel model) => RawPrompt is null ? Chat!.ToChatRequest(model) : new ChatRequest
    {
        Prompt = new CompletionPrompt(RawPrompt).Encode(model.Engine.Tokenizer),
        Sampling = Chat!.Sampling.Over(model.Sampling),
        MaxTokens = Chat.MaxTokens ?? int.MaxValue,
        StopStrings = Chat.Stops,
    };

    public static string NameOf(in JsonFields body) => body.Text("model") ?? body.Text("name") ?? body.RequireText("model");

    private static ChatCompletionRequest Read(in JsonFields body, IReadOnlyList<ChatMessage> messages)
    {
        var tools = ToolReader.Read(body, out var choice);
        var options = body.Object("options") ?? new JsonFields(Empty, "options");
        return new ChatCompletionRequest
        {
            Conversation = Think(body, new PromptRequest(messages) { Tools = tools }),
            Sampling = SamplingReader.Read(options),
            MaxTokens = options.Count("num_predict", FillContext) switch { Unlimited or FillContext => null, var most => most },
            Stops = SamplingReader.Stops(options, "stop", MostStops),
            Choices = 1,
            ParallelToolCalls = true,
            ToolChoice = choice,
            Format = Format(body),
        };
    }

    private static PromptRequest Think(in JsonFields body, PromptRequest request) => body.Get("think")?.ValueKind == JsonValueKind.String
        ? ReasoningReader.WithEffort(request, body.Text("think"), "think")
        : request with { Thinking = body.Flag("think") };

    private static ResponseFormat? Format(in JsonFields body) => body.Get("format") switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } schema => new ResponseFormat(schema),
        { ValueKind: JsonValueKind.String } name => JsonFields.TextOf(name, "format") switch
        {
            "" => null,
            "json" => new ResponseFormat(Schema: null),
            _ => throw ApiException.Invalid("format", "expected json or a JSON schema, found another string"),
        },
        { } other => throw JsonFields.Wrong("format", "json or a JSON schema", other),
    };

    private static JsonElement Empty { get; } = JsonDocument.Parse("{}").RootElement;
}
