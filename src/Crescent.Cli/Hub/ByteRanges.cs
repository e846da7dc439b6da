namespace Crescent.Cli.Hub;

/// <summary>Bytes from <paramref name="Start"/> up to <paramref name="End"/>.</summary>
internal readonly record struct ByteRange(long Start, long End)
{
    public long Length => End - Start;
}

/// <summary>A set of bytes of a file, kept as ranges in order that neither touch nor overlap.</summary>
internal sealed class ByteRanges
{
    private readonly List<ByteRange> _ranges = [];

    public long Total => _ranges.Sum(range => range.Length);

    /// <summary>End of the range that begins the file; 0 where its first byte is not in the set.</summary>
    public long Prefix => _ranges is [{ Start: 0 } first, ..] ? first.End : 0;

    public void Add(ByteRange range)
    {
        if (range.Length <= 0)
        {
            return;
        }

        var first = _ranges.FindIndex(other => other.End >= range.Start);
        first = first < 0 ? _ranges.Count : first;
        var last = first;
        for (; last < _ranges.Count && _ranges[last].Start <= range.End; last++)
        {
            range = new ByteRange(Math.Min(range.Start, _ranges[last].Start), Math.Max(range.End, _ranges[last].End));
        }

        _ranges.RemoveRange(first, last - first);
        _ranges.Insert(first, range);
    }

    public void Clear() => _ranges.Clear();

    /// <summary>What of a file is not in the set, in pieces of at most <paramref name="step"/> bytes.</summary>
    public IReadOnlyList<ByteRange> Missing(long size, long step)
    {
        var missing = new List<ByteRange>();
        long start = 0;
        foreach (var range in _ranges.Append(new ByteRange(size, size)))
        {
            for (; start < range.Start; start = missing[^1].End)
            {
                missing.Add(new ByteRange(start, range.Start - start <= step ? range.Start : start + step));
            }

            start = range.End;
        }

        return missing;
    }
}
