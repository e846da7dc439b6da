using Crescent.Engine.Chat;

namespace Crescent.Server.Anthropic.Wire;

/// <param name="InputTokens">Tokens of the prompt that were computed.</param>
/// <param name="CacheReadInputTokens">Those that were found in the cache.</param>
internal sealed record MessageUsage(int InputTokens, int OutputTokens, int CacheReadInputTokens)
{
    public int CacheCreationInputTokens { get; }

    public static MessageUsage Of(AnswerUsage usage) => new(usage.Prompt - usage.Cached, usage.Completion, usage.Cached);
}
