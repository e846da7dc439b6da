namespace Crescent.Server.Status.Wire;

/// <param name="ResidentBytes">Weights in memory.</param>
/// <param name="LimitBytes">Bound on memory.</param>
/// <param name="HitRate">Share of expert uses found in memory over the last minute.</param>
/// <param name="DriveGbPerSecond">10⁹ bytes a second over the last seconds.</param>
internal sealed record StatusReply(long ResidentBytes, long? LimitBytes, StreamedReply Streamed, SlotsReply Slots, double? HitRate, double? DriveGbPerSecond);
