namespace Crescent.Server.OpenAi.Wire;

internal sealed record CompletionChoice(string Text, int Index, string? FinishReason, CompletionLogprobs? Logprobs);
