namespace Crescent.Server.Llama.Wire;

internal sealed record HealthReply(string Status);
