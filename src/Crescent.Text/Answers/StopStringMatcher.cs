using System.Text;

namespace Crescent.Text.Answers;

/// <summary>Passes text on until a stop string appears; holds back an end that may yet become one.</summary>
public sealed class StopStringMatcher(IReadOnlyList<string> stops)
{
    private readonly string[] _stops = [.. stops.Where(stop => stop.Length > 0)];
    private readonly StringBuilder _held = new();

    /// <summary>Whether a stop string was found.</summary>
    public bool HasStopped => Found is not null;

    /// <summary>The stop string that was found.</summary>
    public string? Found { get; private set; }

    /// <summary>Appends what is certain to <paramref name="output"/>; true when a stop string was found.</summary>
    public bool Push(ReadOnlySpan<char> text, StringBuilder output)
    {
        if (_stops.Length == 0)
        {
            output.Append(text);
            return false;
        }

        _held.Append(text);
        var held = _held.ToString();
        // The stop that is complete first ends the text, of those complete at once the longest: so the cut does not depend on where tokens end.
        var (first, end) = (-1, int.MaxValue);
        string? found = null;
        foreach (var stop in _stops)
        {
            var at = held.IndexOf(stop, StringComparison.Ordinal);
            if (at >= 0 && (at + stop.Length < end || (at + stop.Length == end && at < first)))
            {
                (first, end, found) = (at, at + stop.Length, stop);
            }
        }

        var certain = first >= 0 ? first : held.Length - LongestBeginning(held);
        output.Append(held, 0, certain);
        _held.Remove(0, certain);
        if (first >= 0)
        {
            Found = found;
            _held.Clear();
        }

        return HasStopped;
    }

    /// <summary>What was held back, once no more text comes.</summary>
    public void Flush(StringBuilder output)
    {
        output.Append(_held);
        _held.Clear();
    }

    // Length of the longest end of the text that begins a stop string.
    private int LongestBeginning(string held)
    {
        var longest = 0;
        foreach (var stop in _stops)
        {
            for (var length = Math.Min(stop.Length - 1, held.Length); length > longest; length--)
            {
                if (held.AsSpan(held.Length - length).SequenceEqual(stop.AsSpan(0, length)))
                {
                    longest = length;
                }
            }
        }

        return longest;
    }
}
