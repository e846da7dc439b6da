using System.Numerics;

namespace Crescent.Kernels.Attention;

/// <summary>
/// Fixed segments of a sequence's positions. Attention sums each segment by itself, then adds the segments in order, so that threads may share a
/// long sequence without changing a bit. Segments of 256 positions up to 8192, then 16 for every doubling of the length.
/// </summary>
internal static class PositionSegments
{
    private const int ShortLength = 256;
    private const int ShortSegments = 32; // of ShortLength positions
    private const int ShortBits = 13; // ShortLength · ShortSegments = 1 << ShortBits
    private const int SegmentsADoublingBits = 4;

    /// <summary>The segment that holds a position.</summary>
    public static int IndexOf(int position)
    {
        if (position < 1 << ShortBits)
        {
            return position / ShortLength;
        }

        var doubling = BitOperations.Log2((uint)position);
        return ShortSegments + ((doubling - ShortBits) << SegmentsADoublingBits) + ((position - (1 << doubling)) >> (doubling - SegmentsADoublingBits));
    }

    /// <summary>First position of a segment, a multiple of 256; the segment ends where the next one starts. Past all positions: <see cref="int.MaxValue"/>.</summary>
    public static int Start(int index)
    {
        if (index < ShortSegments)
        {
            return index * ShortLength;
        }

        var doubling = ShortBits + ((index - ShortSegments) >> SegmentsADoublingBits);
        var place = (index - ShortSegments) & ((1 << SegmentsADoublingBits) - 1);
        return doubling > 30 ? int.MaxValue : (1 << doubling) + (place << (doubling - SegmentsADoublingBits));
    }
}
