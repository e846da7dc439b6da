namespace Crescent.Server.Ollama.Wire;

internal sealed record ModelTags(IReadOnlyList<ModelTag> Models);
