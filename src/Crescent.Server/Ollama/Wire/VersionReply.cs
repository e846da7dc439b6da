namespace Crescent.Server.Ollama.Wire;

internal sealed record VersionReply(string Version);
