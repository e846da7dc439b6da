using System.Text.Json.Serialization;

namespace Crescent.Server.OpenAi.Wire;

/// <summary>A whole answer of <c>/v1/chat/completions</c>.</summary>
internal sealed record ChatCompletionReply(string Id, long Created, string Model, string SystemFingerprint, IReadOnlyList<ChatReplyChoice> Choices, Usage Usage, Timings Timings)
{
    [JsonPropertyOrder(-1)]
    public string Object { get; } = "chat.completion";
}
