using Crescent.Cli.Json;
using Crescent.Engine.Experts;

namespace Crescent.Cli;

/// <summary>What reading experts from the drive came to, in a stretch of a run.</summary>
internal static class StreamedReport
{
    /// <param name="counts">Of the stretch.</param>
    /// <param name="time">Of the stretch.</param>
    public static StreamingJson Of(ExpertStore store, ExpertCounts counts, TimeSpan time, int tokens) => new(
        counts.HitRate,
        counts.BytesRead / Math.Max(1, tokens),
        counts.DriveBusy > TimeSpan.Zero ? counts.BytesRead / counts.DriveBusy.TotalSeconds / 1e9 : 0,
        time > TimeSpan.Zero ? counts.DriveBusy / time : 0,
        counts.Waited.TotalMilliseconds / Math.Max(1, tokens),
        counts.AheadRead > 0 ? (double)counts.AheadUsed / counts.AheadRead : null,
        store.Slots.Allowed,
        store.Experts,
        store.Budget.Limit,
        Environment.WorkingSet)
    {
        CopiesUsed = store.HasCopies ? (double)counts.CopiesUsed / Math.Max(1, counts.Used) : null,
    };
}
