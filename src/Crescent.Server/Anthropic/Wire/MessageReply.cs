using System.Text.Json.Serialization;

namespace Crescent.Server.Anthropic.Wire;

/// <summary>An answer of <c>/v1/messages</c>; in a stream's first event one without content.</summary>
/// <param name="StopReason">Null while it goes on.</param>
internal sealed record MessageReply(string Id, string Model, IReadOnlyList<ContentBlock> Content, string? StopReason, string? StopSequence, MessageUsage Usage)
{
    [JsonPropertyOrder(-2)]
    public string Type { get; } = "message";

    [JsonPropertyOrder(-1)]
    public string Role { get; } = "assistant";
}
