namespace Crescent.Server.Ollama.Wire;

internal sealed record OneEmbeddingReply(float[] Embedding);
