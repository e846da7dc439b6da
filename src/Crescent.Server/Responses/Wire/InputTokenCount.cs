using System.Text.Json.Serialization;

namespace Crescent.Server.Responses.Wire;

/// <summary>How many tokens an input takes.</summary>
internal sealed record InputTokenCount(int InputTokens)
{
    [JsonPropertyOrder(-1)]
    public string Object { get; } = "response.input_tokens";
}
