using System.Diagnostics;

namespace Crescent.Kernels.Storage;

/// <summary>Reads of a probe among some spans of files.</summary>
/// <param name="memory">Room for all reads in flight.</param>
/// <param name="spanBytes">Of each span.</param>
/// <param name="spans">Where they begin: at multiples of the file's block.</param>
internal sealed class ProbeRun(PinnedMemory memory, int spanBytes, (DriveFile File, long Offset)[] spans)
{
    private static readonly TimeSpan s_longestRead = TimeSpan.FromMinutes(1);

    private readonly Random _random = new(1);
    private readonly List<TimeSpan> _singles = []; // reads of the first measurement at depth 1

    public required ReadBackendKind Backend { get; init; }

    public string BackendName { get; private set; } = "";

    /// <summary>Spans from the start of the list that <see cref="Touch"/> has read.</summary>
    public int TouchedSpans { get; private set; }

    /// <summary>The median of single reads.</summary>
    public TimeSpan Latency => _singles.Count == 0 ? TimeSpan.Zero : _singles.Order().ElementAt(_singles.Count / 2);

    /// <summary>Reads span after span, each once, until the window is over; at least one.</summary>
    public DriveRate Touch(int blockBytes, int depth, TimeSpan window)
    {
        using var reader = Reader(blockBytes, depth);
        var start = Stopwatch.GetTimestamp();
        var jobs = Jobs(2); // the next span is queued when one ends
        var inFlight = 0;
        while (true)
        {
            while (inFlight < jobs.Length && TouchedSpans < spans.Length && (TouchedSpans == 0 || Stopwatch.GetElapsedTime(start) < window))
            {
                var job = jobs.First(job => job.State is ReadJobState.Free or ReadJobState.Completed);
                var (file, offset) = spans[TouchedSpans++];
                Submit(reader, job, file, offset, spanBytes);
                inFlight++;
            }

            if (inFlight == 0)
            {
                return new DriveRate(blockBytes, depth, reader.BytesRead / Stopwatch.GetElapsedTime(start).TotalSeconds);
            }

            _ = Take(reader);
            inFlight--;
        }
    }

    /// <summary>Keeps <paramref name="depth"/> reads of random places in flight until the window is over; twice as many at least.</summary>
    public DriveRate Measure(int blockBytes, int depth, TimeSpan window)
    {
        using var reader = Reader(blockBytes, depth);
        BackendName = reader.BackendName;
        var isFirst = _singles.Count == 0;
        var submitted = 0;
        var start = Stopwatch.GetTimestamp();
        foreach (var job in Jobs(depth))
        {
            SubmitRandom(reader, job, blockBytes);
            submitted++;
        }

        for (var inFlight = depth; inFlight > 0;)
        {
            var job = Take(reader);
            if (isFirst && depth == 1)
            {
                _singles.Add(job.Elapsed);
            }

            if (submitted < 2 * depth || Stopwatch.GetElapsedTime(start) < window)
            {
                SubmitRandom(reader, job, blockBytes);
                submitted++;
            }
            else
            {
                inFlight--;
            }
        }

        return new DriveRate(blockBytes, depth, reader.BytesRead / Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private DriveReader Reader(int blockBytes, int depth) => new(new() { Backend = Backend, BlockBytes = blockBytes, Depth = depth });

    private ReadJob[] Jobs(int count)
    {
        var jobs = new ReadJob[count];
        for (var i = 0; i < count; i++)
        {
            jobs[i] = new ReadJob { Number = i, Memory = memory };
        }

        return jobs;
    }

    private void SubmitRandom(DriveReader reader, ReadJob job, int blockBytes)
    {
        var (file, offset) = spans[_random.Next(spans.Length)];
        Submit(reader, job, file, offset + ((long)_random.Next(spanBytes / blockBytes) * blockBytes), blockBytes);
    }

    private void Submit(DriveReader reader, ReadJob job, DriveFile file, long offset, int bytes)
    {
        var extent = new ReadExtent(file, offset, memory.Bytes.Slice(job.Number * bytes, bytes));
        job.Prepare([extent], ReadPriority.Demand);
        reader.Submit(job);
    }

    private ReadJob Take(DriveReader reader)
    {
        var job = reader.WaitCompleted(s_longestRead) ?? throw new DriveReadException(spans[0].File.Path, 0, $"no read ended in {s_longestRead.TotalSeconds} seconds");
        return job.Error is null ? job : throw job.Error;
    }
}
