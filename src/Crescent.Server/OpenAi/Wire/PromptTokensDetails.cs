namespace Crescent.Server.OpenAi.Wire;

internal sealed record PromptTokensDetails(int CachedTokens);
