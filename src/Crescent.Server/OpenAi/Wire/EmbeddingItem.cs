namespace Crescent.Server.OpenAi.Wire;

internal sealed record EmbeddingItem(int Index, EmbeddingValues Embedding)
{
    public string Object { get; } = "embedding";
}
