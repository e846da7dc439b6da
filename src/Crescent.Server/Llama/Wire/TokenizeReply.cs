namespace Crescent.Server.Llama.Wire;

internal sealed record TokenizeReply(IReadOnlyList<int> Tokens);
