namespace Crescent.Server.OpenAi.Wire;

internal sealed record TokenEstimateData(int TotalTokens);
