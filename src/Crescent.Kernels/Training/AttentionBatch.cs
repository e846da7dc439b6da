namespace Crescent.Kernels.Training;

/// <summary>What causal attention over packed documents reads and writes. Rows are tokens.</summary>
public sealed record AttentionBatch
{
    public required AttentionSegment[] Segments { get; init; }

    public required int Heads { get; init; }

    /// <summary>Factor on q·k.</summary>
    public required float Scale { get; init; }

    /// <summary>[tokens, heads, keyWidth]</summary>
    public required HeadRows Queries { get; init; }

    /// <summary>[tokens, heads, keyWidth]</summary>
    public required HeadRows Keys { get; init; }

    /// <summary>[tokens, heads, valueWidth]</summary>
    public required HeadRows Values { get; init; }

    /// <summary>[tokens, heads, valueWidth]</summary>
    public required HeadRows Output { get; init; }

    /// <summary>[tokens, heads]: the logarithm of the softmax's denominator, kept for the way back.</summary>
    public required HeadRows LogSums { get; init; }

    internal int Longest => Segments.Length == 0 ? 0 : Segments.Max(segment => segment.Length);

    internal void Check()
    {
        var tokens = 0;
        foreach (var segment in Segments)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(segment.Start);
            ArgumentOutOfRangeException.ThrowIfNegative(segment.Length);
            tokens = Math.Max(tokens, checked(segment.Start + segment.Length));
        }

        if (Keys.Width != Queries.Width || Output.Width != Values.Width)
        {
            throw new ArgumentException($"expected keys as wide as queries and outputs as wide as values, found {Keys.Width}, {Queries.Width}, {Output.Width}, {Values.Width}");
        }

        Queries.Check(nameof(Queries), tokens, Heads);
        Keys.Check(nameof(Keys), tokens, Heads);
        Values.Check(nameof(Values), tokens, Heads);
        Output.Check(nameof(Output), tokens, Heads);
        LogSums.Check(nameof(LogSums), tokens, Heads);
    }
}
