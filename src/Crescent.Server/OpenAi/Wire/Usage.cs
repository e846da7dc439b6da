using System.Text.Json.Serialization;
using Crescent.Engine.Chat;

namespace Crescent.Server.OpenAi.Wire;

/// <param name="CachedTokens">Moonshot's place for what OpenAI puts into the details.</param>
internal sealed record Usage(
    int PromptTokens, int CompletionTokens, int TotalTokens, PromptTokensDetails PromptTokensDetails, CompletionTokensDetails CompletionTokensDetails, int CachedTokens)
{
    /// <summary>Of a server that knows prices.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Cost? Cost { get; init; }

    /// <summary>Of answers to one prompt: it counts once.</summary>
    public static Usage Of(params IReadOnlyList<AnswerUsage> answers)
    {
        var (prompt, cached) = answers.Count > 0 ? (answers[0].Prompt, answers[0].Cached) : (0, 0);
        return Of(prompt, cached, answers);
    }

    public static Usage Of(int prompt, int cached, IReadOnlyList<AnswerUsage> answers)
    {
        var completion = answers.Sum(answer => answer.Completion);
        return new Usage(prompt, completion, prompt + completion, new PromptTokensDetails(cached), Details(answers), cached);
    }

    private static CompletionTokensDetails Details(IReadOnlyList<AnswerUsage> answers) =>
        new(answers.Sum(answer => answer.Reasoning), answers.Sum(answer => answer.Accepted), answers.Sum(answer => answer.Drafted - answer.Accepted));
}
