using System.Text.Json.Serialization;

namespace Crescent.Server.Anthropic.Wire;

/// <summary>An event of a stream that begins it, ends it, or is of a block.</summary>
internal sealed record MessageEvent(string Type)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public MessageReply? Message { get; init; }

    /// <summary>Which block, from 0.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Index { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ContentBlock? ContentBlock { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public BlockDelta? Delta { get; init; }
}
