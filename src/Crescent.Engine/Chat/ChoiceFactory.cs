using Crescent.Engine.Runtime;
using Crescent.Text.Answers;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;

namespace Crescent.Engine.Chat;

/// <summary>Begins answers: what the generator gets of a request, and who reads what it makes of it.</summary>
internal sealed class ChoiceFactory(Generator generator, Tokenizer tokenizer, ChatTemplate template, ChatEngineOptions options)
{
    private readonly HashSet<int> _stopTokens = [.. tokenizer.StopIds, .. template.StopNames.Select(tokenizer.FindMarker).OfType<int>()];

    /// <param name="index">Which of the request's answers.</param>
    /// <param name="slot">Its place among the sequences that run together.</param>
    /// <param name="attempt">How often it was begun before: each has its own seed.</param>
    public ChatChoice Begin(ChatAnswer answer, int index, int slot, int attempt = 0)
    {
        var request = answer.Request;
        var sequence = generator.Add(new GenerationRequest
        {
            Prompt = request.Prompt,
            Constraint = ThinkingLimit.Apply(request, template, tokenizer, request.Grammar?.CreateConstraint(_stopTokens, Math.Min(request.MaxTokens, options.Context - request.Prompt.Count))),
            StoredPrefix = request.StoredPrefix,
            Sampling = request.Sampling.Seed is { } seed ? request.Sampling with { Seed = seed + (ulong)(index + (attempt * request.Choices)) } : request.Sampling,
            MaxTokens = request.MaxTokens,
            StopTokens = request.IgnoreStopTokens ? [] : _stopTokens,
            TopScores = request.TopScores,
            ScorePrompt = request.ScorePrompt && index == 0,
            EmbedPrompt = request.EmbedPrompt,
        });
        var reader = request.Conversation is { } conversation ? template.ReadAnswer(tokenizer, conversation) : new PlainAnswerReader(tokenizer);
        var retries = request.Sampling.Temperature > 0 && request.Conversation is not null ? options.EmptyTurnRetries : 0;
        return new ChatChoice(answer, index, sequence, reader, options.Time) { Slot = slot, Attempt = attempt, MayRepeat = attempt < retries };
    }
}
