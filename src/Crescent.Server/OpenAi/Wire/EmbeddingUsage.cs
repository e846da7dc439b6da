namespace Crescent.Server.OpenAi.Wire;

internal sealed record EmbeddingUsage(int PromptTokens, int TotalTokens);
