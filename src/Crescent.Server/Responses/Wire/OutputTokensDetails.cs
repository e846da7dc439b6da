namespace Crescent.Server.Responses.Wire;

internal sealed record OutputTokensDetails(int ReasoningTokens);
