namespace Crescent.Server.Responses.Wire;

internal sealed record InputTokensDetails(int CachedTokens);
