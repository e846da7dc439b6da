namespace Crescent.Server.Ollama.Wire;

/// <param name="TotalDuration">Nanoseconds.</param>
/// <param name="LoadDuration">Nanoseconds that loading the model took.</param>
/// <param name="PromptEvalCount">Tokens of all texts.</param>
internal sealed record EmbedReply(string Model, IReadOnlyList<float[]> Embeddings, long TotalDuration, long LoadDuration, int PromptEvalCount);
