namespace Crescent.Text.Grammars;

/// <summary>Any bytes and the given markers, but for one text that it stops before: that text begins something else. It may end anywhere.</summary>
/// <param name="stop">The text; empty for none.</param>
/// <param name="onlyAtStart">The text is looked for at the beginning only.</param>
/// <param name="markers">Tokens without bytes that may stand in it, ascending.</param>
internal sealed class FreeTextLexeme(byte[] stop, bool onlyAtStart, IReadOnlyList<int> markers) : Lexeme
{
    // A state is how much of the text has been read (Knuth, Morris and Pratt); with one at the start only, the state after it has failed.
    private readonly int[] _fallbacks = Fallbacks(stop);
    private readonly int _free = stop.Length;

    public override string? Key { get; } = $"text:{Convert.ToHexString(stop)}:{onlyAtStart}:{string.Join(',', markers)}";

    public override int Start => 0;

    public override IReadOnlyList<int> Markers => markers;

    public override int Next(int state, byte value)
    {
        if (stop.Length == 0 || state == _free)
        {
            return state;
        }

        if (onlyAtStart && value != stop[state])
        {
            return _free;
        }

        while (value != stop[state])
        {
            if (state == 0)
            {
                return 0;
            }

            state = _fallbacks[state];
        }

        return state + 1 == stop.Length ? -1 : state + 1;
    }

    public override bool IsAccepting(int state) => true;

    public override bool IsFinal(int state) => false;

    public override int Distance(int state) => 0;

    public override byte WayOut(int state) => throw new InvalidOperationException("free text may end anywhere");

    // [state], the longest beginning of the text that is an end of what has been read, and shorter.
    private static int[] Fallbacks(byte[] text)
    {
        var fallbacks = new int[text.Length + 1];
        for (var length = 1; length < text.Length; length++)
        {
            var shorter = fallbacks[length];
            while (shorter > 0 && text[shorter] != text[length])
            {
                shorter = fallbacks[shorter];
            }

            fallbacks[length + 1] = text[shorter] == text[length] ? shorter + 1 : 0;
        }

        return fallbacks;
    }
}
