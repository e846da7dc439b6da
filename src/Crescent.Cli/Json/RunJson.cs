namespace Crescent.Cli.Json;

internal sealed record RunJson(
    string Text,
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
    /// <summary>What of it is lossy; null where it is exact.</summary>
    public LossyJson? Lossy { get; init; }
}
