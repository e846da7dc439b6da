namespace Crescent.Kernels.Storage;

/// <summary>How fast a drive answers so many reads of one size at once.</summary>
/// <param name="BlockBytes">Bytes of a read.</param>
/// <param name="Depth">Reads in flight.</param>
public readonly record struct DriveRate(int BlockBytes, int Depth, double BytesPerSecond)
{
    /// <summary>The fewest bytes in flight whose rate is at least a share of the highest.</summary>
    internal static DriveRate Enough(IReadOnlyList<DriveRate> rates, double share)
    {
        var enough = rates.Max(rate => rate.BytesPerSecond) * share;
        return rates.Where(rate => rate.BytesPerSecond >= enough).OrderBy(rate => (long)rate.BlockBytes * rate.Depth).ThenBy(rate => rate.Depth).First();
    }
}
