using System.Text.Json.Serialization;

namespace Crescent.Server.OpenAi.Wire;

internal sealed record ReplyMessage
{
    public string Role { get; } = "assistant";

    public string? Content { get; init; }

    public string? Refusal { get; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ReasoningContent { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ReplyCall>? ToolCalls { get; init; }
}
