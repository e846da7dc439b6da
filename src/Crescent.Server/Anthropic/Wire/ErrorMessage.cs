using System.Text.Json.Serialization;

namespace Crescent.Server.Anthropic.Wire;

/// <summary><c>{"type":"error","error":{…},"request_id":…}</c></summary>
internal sealed record ErrorMessage(ErrorDetail Error, string RequestId)
{
    [JsonPropertyOrder(-1)]
    public string Type { get; } = "error";
}
