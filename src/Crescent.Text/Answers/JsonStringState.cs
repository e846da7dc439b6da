namespace Crescent.Text.Answers;

/// <summary>Whether a growing JSON text stands within a string.</summary>
internal sealed class JsonStringState
{
    private bool _escaped;

    public bool IsInside { get; private set; }

    public void Push(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (_escaped)
            {
                _escaped = false;
            }
            else if (c == '"')
            {
                IsInside = !IsInside;
            }
            else
            {
                _escaped = IsInside && c == '\\';
            }
        }
    }

    public void Reset() => (IsInside, _escaped) = (false, false);
}
