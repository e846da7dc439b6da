using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Crescent.Engine.Runtime.Scoring;

/// <summary>A text as tokens, and the windows in which it is scored.</summary>
public sealed class ScoringPlan
{
    private readonly int[] _tokens;

    /// <param name="tokens">The start token first, where the tokenizer adds one.</param>
    /// <param name="bosId">What windows that replace their first token begin with.</param>
    /// <exception cref="ArgumentException">There is no window, or one replaces its first token and there is none to replace it with.</exception>
    public ScoringPlan(IEnumerable<int> tokens, IEnumerable<ScoringWindow> windows, int? bosId)
    {
        (_tokens, Windows, BosId) = ([.. tokens], [.. windows], bosId);
        Rows = Windows.Sum(window => (long)window.Scored);
        if (Windows.Count == 0)
        {
            throw new ArgumentException("expected at least one window, found none", nameof(windows));
        }

        if (bosId is null && Windows.Any(window => window.ReplaceFirst))
        {
            throw new ArgumentException("expected a start token for the windows that begin with one, found none", nameof(bosId));
        }
    }

    /// <summary>[tokens]</summary>
    public ReadOnlySpan<int> Tokens => _tokens;

    public IReadOnlyList<ScoringWindow> Windows { get; }

    public int? BosId { get; }

    /// <summary>Predictions that count, over all windows.</summary>
    public long Rows { get; }

    /// <summary>The tokens of a window as the model gets them.</summary>
    public int[] TokensOf(in ScoringWindow window)
    {
        var tokens = _tokens.AsSpan(window.Start, window.Length).ToArray();
        if (window.ReplaceFirst)
        {
            tokens[0] = BosId!.Value;
        }

        return tokens;
    }

    /// <summary>Identifies the text and how it is cut.</summary>
    public ulong Hash()
    {
        var hash = new XxHash64();
        hash.Append(MemoryMarshal.AsBytes<int>(_tokens));
        Span<int> window = stackalloc int[5];
        foreach (var (start, length, firstScored, scored, replaceFirst) in Windows)
        {
            (window[0], window[1], window[2], window[3], window[4]) = (start, length, firstScored, scored, replaceFirst ? 1 : 0);
            hash.Append(MemoryMarshal.AsBytes(window));
        }

        return hash.GetCurrentHashAsUInt64();
    }
}
