using Crescent.Server.Models;

namespace Crescent.Server.Status.Wire;

/// <param name="ResidentBytes">Weights in memory.</param>
/// <param name="LimitBytes">Bound on memory.</param>
/// <param name="HitRate">Share of expert uses found in memory over the last minute.</param>
/// <param name="DriveGbPerSecond">10⁹ bytes a second over the last seconds.</param>
internal sealed record StatusReply(long ResidentBytes, long? LimitBytes, StreamedReply Streamed, SlotsReply Slots, double? HitRate, double? DriveGbPerSecond)
{
    /// <summary>unloaded or loading; left out for a loaded model.</summary>
    public string? State { get; private init; }

    /// <summary>When the model is unloaded unless it is asked for before; left out for never.</summary>
    public DateTimeOffset? Expires { get; init; }

    public static StatusReply Unloaded(KnownModel model) =>
        new(0, null, new StreamedReply(0), new SlotsReply(0, 0), null, null) { State = model.State == ModelState.Loading ? "loading" : "unloaded" };
}
