using System.Text.Json;
using Crescent.Engine.Chat;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Server.Http;
using Crescent.Server.Models;

namespace Crescent.Server.OpenAi;

/// <summary>The body of <c>/v1/completions</c> as it was understood.</summary>
internal sealed record CompletionRequest
{
    private const int MostStops = 16;
    private const int MostLogprobs = 20;
    private const int MostPrompts = 1024;
    private const int StandardTokens = 16; // OpenAI's

    public string? Model { get; private init; }

    /// <summary>Texts, or lists of token ids.</summary>
    public required IReadOnlyList<CompletionPrompt> Prompts { get; init; }

    public required SamplingOverrides Sampling { get; init; }

    public int MaxTokens { get; private init; }

    public IReadOnlyList<string> Stops { get; private init; } = [];

    public int Choices { get; private init; }

    public int? Logprobs { get; private init; }

    /// <summary>Whether the reply begins with the prompt.</summary>
    public bool Echo { get; private init; }

    public bool IgnoreEos { get; private init; }

    public bool Stream { get; private init; }

    public bool IncludeUsage { get; private init; }

    /// <exception cref="ApiException">A field has the wrong type or range.</exception>
    public static CompletionRequest Read(in JsonFields body, ServerOptions limits)
    {
        var choices = body.Count("n", 1, limits.MaxChoices) ?? 1;
        if (body.Count("best_of", 1) is { } best && best != choices)
        {
            throw ApiException.Invalid("best_of", $"expected n ({choices}), found {best}: this server returns all answers that it makes");
        }

        if (body.Text("suffix") is { Length: > 0 })
        {
            throw ApiException.Invalid("suffix", "this server does not fill in the middle of texts", "unsupported_value");
        }

        return new CompletionRequest
        {
            Model = body.Text("model"),
            Prompts = PromptReader.Read(body, "prompt", MostPrompts),
            Sampling = SamplingReader.Read(body),
            MaxTokens = body.Count("max_tokens", -1) switch { null => StandardTokens, -1 => int.MaxValue, { } most => most },
            Stops = SamplingReader.Stops(body, "stop", MostStops),
            Choices = choices,
            Logprobs = ReadLogprobs(body),
            Echo = body.Flag("echo") ?? false,
            IgnoreEos = body.Flag("ignore_eos") ?? false,
            Stream = body.Flag("stream") ?? false,
            IncludeUsage = body.Object("stream_options")?.Flag("include_usage") ?? false,
        };
    }

    /// <summary>What the engine is asked for one of the prompts.</summary>
    public ChatRequest ToChatRequest(ServedModel model, CompletionPrompt prompt)
    {
        var scoresPrompt = Echo && Logprobs is not null;
        return new ChatRequest
        {
            Prompt = prompt.Encode(model.Engine.Tokenizer),
            Sampling = Sampling.Over(model.Sampling),
            // Scoring alone needs a step too. Evaluation harnesses ask for one token more than they score, and count on it.
            MaxTokens = scoresPrompt ? Math.Max(1, MaxTokens) : MaxTokens,
            IgnoreStopTokens = IgnoreEos || (scoresPrompt && MaxTokens <= 1),
            StopStrings = Stops,
            Choices = Choices,
            TopScores = Logprobs,
            ScorePrompt = scoresPrompt,
        };
    }

    // A number, or true as some clients send it.
    private static int? ReadLogprobs(in JsonFields body) => body.Get("logprobs")?.ValueKind switch
    {
        JsonValueKind.True => 1,
        JsonValueKind.False => null,
        _ => body.Count("logprobs", 0, MostLogprobs),
    };
}
