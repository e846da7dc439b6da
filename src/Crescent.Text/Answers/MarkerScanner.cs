using System.Buffers;

namespace Crescent.Text.Answers;

/// <summary>Finds marker names spelled out in a growing text; holds back an end that may yet become one.</summary>
internal sealed class MarkerScanner(string[] markers, Action<string> onText, Action<string> onMarker)
{
    private readonly string[] _markers = markers;
    private readonly SearchValues<char> _firsts = SearchValues.Create([.. markers.Select(marker => marker[0]).Distinct()]);
    private string _held = "";

    public void Push(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
        {
            return;
        }

        var all = _held.Length == 0 ? text.ToString() : string.Concat(_held, text);
        var (start, at) = (0, 0);
        while (Next(all, at) is var next && next < all.Length)
        {
            if (Complete(all, next) is { } marker)
            {
                Emit(all, start, next);
                onMarker(marker);
                start = at = next + marker.Length;
            }
            else if (IsBeginning(all.AsSpan(next)))
            {
                break;
            }
            else
            {
                at = next + 1;
            }
        }

        var certain = Math.Max(start, Held(all, at));
        Emit(all, start, certain);
        _held = all[certain..];
    }

    /// <summary>Gives out what was held back.</summary>
    public void Flush()
    {
        var held = _held;
        _held = "";
        Emit(held, 0, held.Length);
    }

    private void Emit(string text, int start, int end)
    {
        if (end > start)
        {
            onText(text[start..end]);
        }
    }

    // Where the text begins that waits for more.
    private int Held(string text, int at)
    {
        var next = Next(text, at);
        return next < text.Length && IsBeginning(text.AsSpan(next)) ? next : text.Length;
    }

    private int Next(string text, int at) => text.AsSpan(at).IndexOfAny(_firsts) is >= 0 and var found ? at + found : text.Length;

    private string? Complete(string text, int at)
    {
        foreach (var marker in _markers)
        {
            if (string.CompareOrdinal(text, at, marker, 0, marker.Length) == 0)
            {
                return marker;
            }
        }

        return null;
    }

    private bool IsBeginning(ReadOnlySpan<char> text)
    {
        foreach (var marker in _markers)
        {
            if (text.Length < marker.Length && marker.AsSpan().StartsWith(text, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
