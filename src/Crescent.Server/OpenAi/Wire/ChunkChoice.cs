using System.Text.Json.Serialization;

namespace Crescent.Server.OpenAi.Wire;

internal sealed record ChunkChoice(int Index, ChunkDelta Delta, Logprobs? Logprobs = null, string? FinishReason = null)
{
    /// <summary>With the closing chunk: where Moonshot's clients look for it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Usage? Usage { get; init; }
}
