namespace Crescent.Server.OpenAi.Wire;

internal sealed record CompletionTokensDetails(int ReasoningTokens);
