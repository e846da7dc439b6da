namespace Crescent.Server.Ollama.Wire;

internal sealed record OllamaCall(string Id, OllamaFunction Function);
