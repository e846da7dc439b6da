using System.Text.Json.Serialization;

namespace Crescent.Server.OpenAi.Wire;

/// <summary>A piece of a streamed answer of <c>/v1/chat/completions</c>.</summary>
internal sealed record ChatChunk(string Id, long Created, string Model, string SystemFingerprint, IReadOnlyList<ChunkChoice> Choices)
{
    [JsonPropertyOrder(-1)]
    public string Object { get; } = "chat.completion.chunk";

    /// <summary>Null leaves the field out; a slot without usage writes null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public UsageSlot? Usage { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Timings? Timings { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PromptProgress? PromptProgress { get; init; }
}
