namespace Crescent.Server.OpenAi.Wire;

/// <summary>Moonshot's count of a conversation's tokens.</summary>
internal sealed record TokenEstimate(TokenEstimateData Data);
