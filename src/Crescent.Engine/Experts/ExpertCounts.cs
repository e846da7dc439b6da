namespace Crescent.Engine.Experts;

/// <summary>What a store has done so far. Differences of two give those of a stretch.</summary>
/// <param name="Used">Experts that layers asked for, each once a step and layer.</param>
/// <param name="Hits">Of these, how many were in memory since an earlier use.</param>
/// <param name="BytesRead">From the drive.</param>
/// <param name="AheadRead">Experts that were read ahead of need.</param>
/// <param name="AheadUsed">Of these, how many were then used.</param>
/// <param name="AheadUsedBytes">Bytes of these whose reading had begun when they were needed.</param>
/// <param name="AheadWastedBytes">Bytes read ahead of experts that were taken back or gave way unused.</param>
/// <param name="Waited">Time in which threads had nothing to compute for want of an expert.</param>
/// <param name="DriveBusy">Time in which the drive had a read in flight.</param>
public readonly record struct ExpertCounts(long Used, long Hits, long BytesRead, long AheadRead, long AheadUsed, long AheadUsedBytes, long AheadWastedBytes, TimeSpan Waited, TimeSpan DriveBusy)
{
    /// <summary>Of the experts used, how many were copies of low precision.</summary>
    public long CopiesUsed { get; init; }

    public double HitRate => Used == 0 ? 1 : (double)Hits / Used;

    public static ExpertCounts operator -(ExpertCounts left, ExpertCounts right) => new(
        left.Used - right.Used,
        left.Hits - right.Hits,
        left.BytesRead - right.BytesRead,
        left.AheadRead - right.AheadRead,
        left.AheadUsed - right.AheadUsed,
        left.AheadUsedBytes - right.AheadUsedBytes,
        left.AheadWastedBytes - right.AheadWastedBytes,
        left.Waited - right.Waited,
        left.DriveBusy - right.DriveBusy)
    {
        CopiesUsed = left.CopiesUsed - right.CopiesUsed,
    };
}
