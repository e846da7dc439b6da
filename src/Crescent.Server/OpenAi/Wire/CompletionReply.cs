using System.Text.Json.Serialization;

namespace Crescent.Server.OpenAi.Wire;

/// <summary>An answer of <c>/v1/completions</c>, whole or a piece of a stream.</summary>
internal sealed record CompletionReply(string Id, long Created, string Model, string SystemFingerprint, IReadOnlyList<CompletionChoice> Choices)
{
    [JsonPropertyOrder(-1)]
    public string Object { get; } = "text_completion";

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public UsageSlot? Usage { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Timings? Timings { get; init; }
}
