namespace Crescent.Server.OpenAi.Wire;

internal sealed record ChatReplyChoice(int Index, ReplyMessage Message, Logprobs? Logprobs, string FinishReason);
