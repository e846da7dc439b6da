using System.Text.Json;

namespace Crescent.Server.Ollama.Wire;

/// <param name="Index">Which call of the answer, from 0.</param>
/// <param name="Arguments">An object, not text.</param>
internal sealed record OllamaFunction(int Index, string Name, JsonElement Arguments);
