using System.Buffers;
using System.Text;

namespace Crescent.Text.Answers;

/// <summary>
/// The last guard against markers in a growing text: where the halves of a marker's name meet only because something between them was taken out, its last
/// character is left out.
/// </summary>
internal sealed class MarkerGuard(string[] markers)
{
    private readonly SearchValues<char> _lasts = SearchValues.Create([.. markers.Select(marker => marker[^1]).Distinct()]);
    private readonly int _longest = markers.Select(marker => marker.Length).DefaultIfEmpty(1).Max();
    private string _tail = "";

    public string Filter(string text)
    {
        if (text.AsSpan().ContainsAny(_lasts))
        {
            text = Remove(text);
        }

        _tail += text;
        _tail = _tail[Math.Max(0, _tail.Length - _longest + 1)..];
        return text;
    }

    private string Remove(string text)
    {
        var output = new StringBuilder(_tail);
        foreach (var c in text)
        {
            output.Append(c);
            if (_lasts.Contains(c) && EndsInMarker(output))
            {
                output.Length--;
            }
        }

        return output.ToString(_tail.Length, output.Length - _tail.Length);
    }

    private bool EndsInMarker(StringBuilder text)
    {
        var end = text.ToString(Math.Max(0, text.Length - _longest), Math.Min(_longest, text.Length));
        return markers.Any(marker => end.EndsWith(marker, StringComparison.Ordinal));
    }
}
