namespace Crescent.Server.OpenAi.Wire;

internal sealed record EmbeddingList(IReadOnlyList<EmbeddingItem> Data, string Model, EmbeddingUsage Usage)
{
    public string Object { get; } = "list";
}
