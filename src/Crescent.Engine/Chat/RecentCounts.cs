namespace Crescent.Engine.Chat;

/// <summary>Running counts over the last minute. Between the moments at which they were told, they are taken to have grown evenly.</summary>
internal sealed class RecentCounts
{
    private static readonly TimeSpan s_kept = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_spacing = TimeSpan.FromSeconds(0.5);

    private readonly List<Sample> _samples = []; // in the order of their times; the last may be closer to its neighbour than the spacing

    /// <param name="time">Since some beginning; never less than before.</param>
    public void Add(TimeSpan time, long used, long hits, long bytes)
    {
        var sample = new Sample(time, used, hits, bytes);
        if (_samples.Count > 1 && time - _samples[^2].Time < s_spacing)
        {
            _samples[^1] = sample;
            return;
        }

        _samples.Add(sample);
        while (_samples.Count > 2 && _samples[1].Time <= time - s_kept)
        {
            _samples.RemoveAt(0);
        }
    }

    /// <summary>Share of the uses in the last minute that were hits; null where there were none.</summary>
    public double? HitRate(TimeSpan now)
    {
        if (_samples.Count == 0)
        {
            return null;
        }

        var (last, first) = (_samples[^1], At(now - s_kept, _samples[^1]));
        return last.Used > first.Used ? (last.Hits - first.Hits) / (last.Used - first.Used) : null;
    }

    /// <summary>Bytes a second over the last stretch of time, or since the first sample.</summary>
    /// <param name="bytes">Their number now.</param>
    public double BytesPerSecond(TimeSpan now, TimeSpan stretch, long bytes)
    {
        var last = new Sample(now, 0, 0, bytes);
        var first = At(now - stretch, last);
        return now > first.Time ? (bytes - first.Bytes) / (now - first.Time).TotalSeconds : 0;
    }

    // Counts at a time, or at the first sample where that is later.
    private Sample At(TimeSpan time, Sample last)
    {
        var after = _samples.FindIndex(sample => sample.Time > time);
        if (after == 0 || _samples.Count == 0)
        {
            return _samples.Count == 0 ? last : _samples[0];
        }

        var (before, next) = (_samples[after < 0 ? ^1 : after - 1], after < 0 ? last : _samples[after]);
        var share = next.Time > before.Time ? (time - before.Time) / (next.Time - before.Time) : 0;
        return new Sample(time, Between(before.Used, next.Used), Between(before.Hits, next.Hits), Between(before.Bytes, next.Bytes));

        double Between(double from, double to) => from + ((to - from) * Math.Clamp(share, 0, 1));
    }

    private readonly record struct Sample(TimeSpan Time, double Used, double Hits, double Bytes);
}
