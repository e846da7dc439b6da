namespace Crescent.Server.Anthropic.Wire;

internal sealed record TokenCount(int InputTokens);
