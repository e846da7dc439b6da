namespace Crescent.Server.Responses.Wire;

internal sealed record DeletedResponse(string Id)
{
    public string Object { get; } = "response";

    public bool Deleted { get; } = true;
}
