using System.Text.Json.Serialization;

namespace Crescent.Server.Anthropic.Wire;

/// <summary>The event after the last block: why the answer ended, and what it took in all.</summary>
internal sealed record MessageDeltaEvent(MessageDelta Delta, MessageUsage Usage)
{
    public const string Name = "message_delta";

    [JsonPropertyOrder(-1)]
    public string Type { get; } = Name;
}
