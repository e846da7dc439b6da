namespace Crescent.Kernels.Storage;

/// <summary>Measures the drive that a file lies on by reading the file: random places, for sizes and numbers of reads in flight.</summary>
public static class DriveProbe
{
    private const int SpanBytes = 4 << 20; // places are taken in such spans, read once before they are measured
    private const int MostSpans = 128;
    private const double Gain = 1.03; // a depth that brings less than this is not followed by larger ones, twice

    private static readonly int[] s_blockBytes = [64 << 10, 256 << 10, 1 << 20, SpanBytes];
    private static readonly int[] s_depths = [1, 4, 8, 16, 32];

    /// <param name="limit">Time that all measurements together take, about.</param>
    /// <exception cref="ArgumentException">The file has fewer than 65536 bytes.</exception>
    /// <exception cref="DriveReadException">A read failed, or none ended in a minute.</exception>
    public static DriveProbeResult Measure(DriveFile file, TimeSpan limit, ReadBackendKind backend = ReadBackendKind.Automatic)
    {
        ArgumentNullException.ThrowIfNull(file);
        var spanBytes = (int)Math.Min(SpanBytes, file.Length & -(long)s_blockBytes[0]);
        if (spanBytes == 0)
        {
            throw new ArgumentException($"{file.Path}: expected at least {s_blockBytes[0]} bytes to measure a drive with, found {file.Length}");
        }

        using var memory = new PinnedMemory((long)spanBytes * s_depths[^1]);
        var spans = Array.ConvertAll(Spans(file.Length / spanBytes), span => (file, span * spanBytes));
        var first = new ProbeRun(memory, spanBytes, spans) { Backend = backend };
        var firstTouch = first.Touch(blockBytes: Math.Min(1 << 20, spanBytes), depth: 8, limit / 4);

        var rates = new List<DriveRate>();
        var run = new ProbeRun(memory, spanBytes, spans.AsSpan(0, first.TouchedSpans).ToArray()) { Backend = backend };
        var window = limit * 0.75 / (s_blockBytes.Length * s_depths.Length);
        foreach (var blockBytes in s_blockBytes.Where(bytes => bytes <= spanBytes))
        {
            MeasureDepths(run, blockBytes, window, rates);
        }

        return new DriveProbeResult { FirstTouch = firstTouch, Rates = rates, Latency = run.Latency, BackendName = run.BackendName };
    }

    private static void MeasureDepths(ProbeRun run, int blockBytes, TimeSpan window, List<DriveRate> rates)
    {
        var best = 0.0;
        var flat = 0;
        foreach (var depth in s_depths)
        {
            var rate = run.Measure(blockBytes, depth, window);
            rates.Add(rate);
            flat = rate.BytesPerSecond < best * Gain ? flat + 1 : 0;
            best = Math.Max(best, rate.BytesPerSecond);
            if (flat == 2)
            {
                return;
            }
        }
    }

    // Distinct spans in random order, other ones each time: what an earlier probe has touched tells nothing about a first touch.
    private static long[] Spans(long count)
    {
        var random = new Random();
        if (count <= MostSpans)
        {
            var all = new long[count];
            for (var i = 0; i < count; i++)
            {
                all[i] = i;
            }

            random.Shuffle(all);
            return all;
        }

        var chosen = new HashSet<long>();
        while (chosen.Count < MostSpans)
        {
            chosen.Add(random.NextInt64(count));
        }

        return [.. chosen];
    }
}
