namespace Crescent.Server.Llama.Wire;

internal sealed record SuccessReply(bool Success);
