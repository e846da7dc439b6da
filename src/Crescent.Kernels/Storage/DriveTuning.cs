using System.Diagnostics;

namespace Crescent.Kernels.Storage;

/// <summary>Finds in a fraction of a second with how many reads of which size a drive is best read.</summary>
public static class DriveTuning
{
    private const int MostSpans = 1024;
    private const double Near = 0.95; // of the highest rate: what is as good, as far as so short a measurement tells
    private const double Gain = 1.03; // a depth that brings less than this is not followed by larger ones, twice

    /// <summary>
    /// The fewest bytes in flight whose rate is within 5 % of the highest, over random parts of the places; null where no file has as many bytes as the
    /// smallest block, or none of the pairs is within the limits.
    /// </summary>
    /// <exception cref="DriveReadException">A read failed, or none ended in a minute.</exception>
    public static DriveRate? Choose(IReadOnlyList<DrivePlace> places, DriveTuningOptions options)
    {
        ArgumentNullException.ThrowIfNull(places);
        ArgumentNullException.ThrowIfNull(options);
        var longest = places.Count == 0 ? 0 : places.Max(place => place.File.Length);
        var blocks = options.BlockBytes.Where(block => block <= longest && (long)block * options.Depths[0] <= options.MostBytes).ToArray();
        if (blocks.Length == 0)
        {
            return null;
        }

        var spans = Spans(places.Where(place => place.File.Length >= blocks[^1]).ToArray(), blocks[^1]);
        var inFlight = blocks.Max(block => options.Depths.Max(depth => (long)block * depth <= options.MostBytes ? (long)block * depth : 0));
        using var memory = new PinnedMemory(inFlight);
        return Measure(new ProbeRun(memory, blocks[^1], spans) { Backend = options.Backend }, blocks, options);
    }

    private static DriveRate Measure(ProbeRun run, int[] blocks, DriveTuningOptions options)
    {
        _ = run.Measure(blocks[0], options.Depths[0], TimeSpan.Zero); // compiles what is measured
        var rates = new List<DriveRate>();
        var start = Stopwatch.GetTimestamp();
        foreach (var block in blocks)
        {
            MeasureDepths(run, block, options, start, rates);
        }

        return DriveRate.Enough(rates, Near);
    }

    private static void MeasureDepths(ProbeRun run, int block, DriveTuningOptions options, long start, List<DriveRate> rates)
    {
        var window = options.Limit / (options.BlockBytes.Count * options.Depths.Count);
        var best = 0.0;
        var flat = 0;
        foreach (var depth in options.Depths)
        {
            if ((long)block * depth > options.MostBytes || (rates.Count > 0 && !HasTime(block, depth, options.Limit - Stopwatch.GetElapsedTime(start), rates[^1].BytesPerSecond)))
            {
                return;
            }

            var rate = run.Measure(block, depth, window);
            rates.Add(rate);
            flat = rate.BytesPerSecond < best * Gain ? flat + 1 : 0;
            best = Math.Max(best, rate.BytesPerSecond);
            if (flat == 2)
            {
                return;
            }
        }
    }

    // A slow drive takes long over the reads that each measurement makes at least.
    private static bool HasTime(int block, int depth, TimeSpan left, double bytesPerSecond) => 2.0 * block * depth / bytesPerSecond <= left.TotalSeconds;

    private static (DriveFile File, long Offset)[] Spans(DrivePlace[] places, int spanBytes)
    {
        var random = new Random();
        var total = places.Sum(place => (double)place.Length);
        var spans = new (DriveFile, long)[MostSpans];
        for (var i = 0; i < spans.Length; i++)
        {
            var place = Pick(places, random.NextDouble() * total);
            var offset = place.Offset + (long)(random.NextDouble() * Math.Max(0, place.Length - spanBytes));
            spans[i] = (place.File, place.File.AlignDown(Math.Clamp(offset, 0, place.File.Length - spanBytes)));
        }

        return spans;
    }

    // By length, so that all bytes are as likely.
    private static DrivePlace Pick(DrivePlace[] places, double at)
    {
        foreach (var place in places)
        {
            if ((at -= place.Length) <= 0)
            {
                return place;
            }
        }

        return places[^1];
    }
}
