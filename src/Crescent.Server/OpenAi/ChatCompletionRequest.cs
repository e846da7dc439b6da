using Crescent.Engine.Chat;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Server.Http;
using Crescent.Server.Models;
using Crescent.Text.Templates;

namespace Crescent.Server.OpenAi;

/// <summary>The body of <c>/v1/chat/completions</c> as it was understood.</summary>
internal sealed record ChatCompletionRequest
{
    private const int MostStops = 16;
    private const int MostTopLogprobs = 20;

    public string? Model { get; init; }

    public required PromptRequest Conversation { get; init; }

    /// <summary>Whether the last message is the beginning of the answer.</summary>
    public bool IsPartial { get; init; }

    public required SamplingOverrides Sampling { get; init; }

    public int? MaxTokens { get; init; }

    public IReadOnlyList<string> Stops { get; init; } = [];

    public int Choices { get; init; }

    /// <summary>Likeliest tokens to name; null where no log-probabilities are wanted.</summary>
    public int? TopLogprobs { get; init; }

    /// <summary>Most tokens of reasoning; null for the model's.</summary>
    public int? ThinkingBudget { get; init; }

    public bool ParallelToolCalls { get; init; }

    public required ToolChoice ToolChoice { get; init; }

    public ResponseFormat? Format { get; init; }

    public bool Stream { get; init; }

    public bool IncludeUsage { get; init; }

    public bool ReturnProgress { get; init; }

    /// <exception cref="ApiException">A field has the wrong type or range.</exception>
    public static ChatCompletionRequest Read(in JsonFields body, ServerOptions limits)
    {
        var messages = MessageReader.Read(body, out var isPartial);
        var tools = ToolReader.Read(body, out var choice);
        return new ChatCompletionRequest
        {
            Model = body.Text("model"),
            Conversation = ReasoningReader.Apply(body, new PromptRequest(messages) { Tools = tools }) with { AddGenerationPrompt = body.Flag("add_generation_prompt") ?? true },
            IsPartial = isPartial,
            ThinkingBudget = ReasoningReader.Budget(body),
            Sampling = SamplingReader.Read(body),
            MaxTokens = body.Count("max_completion_tokens", 1) ?? body.Count("max_tokens", -1) switch { -1 => null, var most => most },
            Stops = SamplingReader.Stops(body, "stop", MostStops),
            Choices = body.Count("n", 1, limits.MaxChoices) ?? 1,
            TopLogprobs = ReadLogprobs(body),
            ParallelToolCalls = body.Flag("parallel_tool_calls") ?? true,
            ToolChoice = choice,
            Format = ResponseFormat.Read(body),
            Stream = body.Flag("stream") ?? false,
            IncludeUsage = body.Object("stream_options")?.Flag("include_usage") ?? false,
            ReturnProgress = body.Flag("return_progress") ?? false,
        };
    }

    /// <summary>What the engine is asked for.</summary>
    /// <exception cref="ApiException">The model cannot do what is asked.</exception>
    public ChatRequest ToChatRequest(ServedModel model)
    {
        var conversation = Conversation with { CurrentDate = model.Today, ContinueLastMessage = IsPartial };
        var ids = PromptIds(model, conversation);
        return new ChatRequest
        {
            Prompt = ids,
            Conversation = conversation,
            StoredPrefix = model.Engine.StoredPrefix(conversation, ids),
            Sampling = Sampling.Over(model.Sampling),
            MaxTokens = MaxTokens ?? int.MaxValue,
            StopStrings = Stops,
            Choices = Choices,
            TopScores = TopLogprobs,
            ThinkingBudget = ThinkingBudget ?? ReasoningReader.Budget(model.ThinkingBudget, Conversation.ReasoningEffort),
            OneCall = !ParallelToolCalls,
            Grammar = model.Engine.Bind(conversation, Constraints.Form(this)),
        };
    }

    /// <summary>The prompt's tokens.</summary>
    public int[] PromptIds(ServedModel model, PromptRequest conversation) => model.Engine.Encode(Segments(model, conversation));

    /// <summary>The prompt as the model's template writes it.</summary>
    public IReadOnlyList<PromptSegment> Segments(ServedModel model, PromptRequest conversation) => model.Engine.Template.Render(conversation with { ContinueLastMessage = IsPartial });

    // OpenAI wants both fields; the number alone means the same.
    private static int? ReadLogprobs(in JsonFields body)
    {
        var top = body.Count("top_logprobs", 0, MostTopLogprobs);
        return body.Flag("logprobs") switch
        {
            true => top ?? 0,
            false when top > 0 => throw ApiException.Invalid("top_logprobs", "expected logprobs to be true"),
            false => null,
            null => top > 0 ? top : null,
        };
    }
}
