using Crescent.Server.Http;
using Crescent.Server.OpenAi;
using Crescent.Text.Templates;

namespace Crescent.Server.Anthropic;

/// <summary>Reads the body of <c>/v1/messages</c> as the chat completion that it asks for.</summary>
internal static class MessagesRequest
{
    private const int MostStops = 16;

    /// <param name="counts">Whether tokens are counted alone: then there is no most.</param>
    /// <exception cref="ApiException">A field has the wrong type or range.</exception>
    public static ChatCompletionRequest Read(in JsonFields body, bool counts)
    {
        var name = body.RequireText("model");
        var messages = BlockReader.Read(body, out var isPartial);
        var tools = AnthropicTools.Read(body, out var choice, out var parallel);
        var conversation = ReasoningReader.WithEffort(new PromptRequest(messages) { Tools = tools }, body.Object("output_config")?.Text("effort"), "output_config.effort");
        return new ChatCompletionRequest
        {
            Model = name,
            Conversation = ReasoningReader.Apply(body, conversation),
            IsPartial = isPartial,
            ThinkingBudget = ReasoningReader.Budget(body),
            Sampling = SamplingReader.Read(body),
            MaxTokens = body.Count("max_tokens", 1) ?? (counts ? null : throw ApiException.Invalid("max_tokens", "expected a whole number from 1, found nothing")),
            Stops = SamplingReader.Stops(body, "stop_sequences", MostStops),
            Choices = 1,
            ParallelToolCalls = parallel,
            ToolChoice = choice,
            Stream = body.Flag("stream") ?? false,
        };
    }
}
