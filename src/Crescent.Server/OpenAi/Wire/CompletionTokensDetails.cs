namespace Crescent.Server.OpenAi.Wire;

/// <param name="AcceptedPredictionTokens">Tokens of the completion that were computed ahead on a guess; wrong guesses are not part of the completion.</param>
internal sealed record CompletionTokensDetails(int ReasoningTokens, int AcceptedPredictionTokens, int RejectedPredictionTokens);
