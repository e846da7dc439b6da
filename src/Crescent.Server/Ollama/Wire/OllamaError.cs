namespace Crescent.Server.Ollama.Wire;

internal sealed record OllamaError(string Error);
