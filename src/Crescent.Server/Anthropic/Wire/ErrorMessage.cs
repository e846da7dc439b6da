namespace Crescent.Server.Anthropic.Wire;

/// <summary><c>{"type":"error","error":{…},"request_id":…}</c></summary>
internal sealed record ErrorMessage(ErrorDetail Error, string RequestId)
{
    public string Type { get; } = "error";
}
