namespace Crescent.Server.OpenAi.Wire;

internal sealed record ModelList(IReadOnlyList<ModelReply> Data)
{
    public string Object { get; } = "list";
}
