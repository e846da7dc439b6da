namespace Crescent.Engine.Chat;

/// <summary>Where a model's weights are, and what reading them from the drive comes to lately.</summary>
/// <param name="ResidentBytes">Weights in memory: those that every token needs, and the experts that are kept.</param>
/// <param name="LimitBytes">Bound on the process's memory; null without one.</param>
/// <param name="StreamedBytes">Weights that are read from the drive when they are needed.</param>
/// <param name="HitRate">Share of expert uses in the last minute that found the expert in memory; null where there were none.</param>
/// <param name="DriveBytesPerSecond">Read in the last seconds; null where nothing is streamed.</param>
public sealed record ModelMemory(long ResidentBytes, long? LimitBytes, long StreamedBytes, double? HitRate, double? DriveBytesPerSecond);
