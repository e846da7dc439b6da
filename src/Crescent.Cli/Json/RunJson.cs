using System.Text.Json.Serialization;

namespace Crescent.Cli.Json;

internal sealed record RunJson(
    string Text,
    string? Reasoning,
    [property: JsonPropertyName("tool_calls")] IReadOnlyList<ToolCallJson>? ToolCalls,
    IReadOnlyList<int> Ids,
    string FinishReason,
    int PromptTokens,
    int CachedTokens,
    int RestoredTokens,
    double RestoreMs,
    int GeneratedTokens,
    double PrefillTokensPerSecond,
    double DecodeTokensPerSecond,
    double TimeToFirstTokenMs,
    long ResidentBytes,
    double? ExpertHitRate,
    StreamingJson? Streaming,
    ulong Seed)
{
    /// <summary>Tokens that were computed ahead on a guess.</summary>
    public int DraftedTokens { get; init; }

    /// <summary>Of them, those that were chosen then.</summary>
    public int AcceptedTokens { get; init; }

    /// <summary>What of it is lossy; null where it is exact.</summary>
    public LossyJson? Lossy { get; init; }
}
