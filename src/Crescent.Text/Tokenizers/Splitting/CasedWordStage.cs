namespace Crescent.Text.Tokenizers;

/// <summary>
/// The patterns of Kimi and o200k (reference models.md 4.1, 4.3): words split where lower case turns to upper, a contraction
/// stays with its word. Kimi first takes runs of Han and keeps Han out of words; o200k lets slashes follow punctuation.
/// </summary>
internal sealed class CasedWordStage(bool han) : SplitStage
{
    private const CharClass InUpper = CharClass.Upper | CharClass.OtherLetter | CharClass.Mark;
    private const CharClass InLower = CharClass.Lower | CharClass.OtherLetter | CharClass.Mark;

    private readonly CharClass _excluded = han ? CharClass.Han : CharClass.None;

    protected override int Match(ReadOnlySpan<byte> text, int position)
    {
        var first = CharClasses.At(text, position, out var length);
        if ((first & _excluded) != 0)
        {
            return CharClasses.Run(text, position, CharClass.Han);
        }

        var end = Word(text, position, first, length);
        if (end > position)
        {
            return Rules.Contraction(text, end, ignoreCase: true);
        }

        if ((first & CharClass.Number) != 0)
        {
            return Rules.Digits(text, position, 3);
        }

        end = Rules.Others(text, position, han ? "\r\n"u8 : "\r\n/"u8);
        return end > position ? end : Rules.Whitespace(text, position, newlines: true);
    }

    // Each form is tried with the optional first character, then without it, as a backtracking engine does.
    private int Word(ReadOnlySpan<byte> text, int position, CharClass first, int length)
    {
        var optional = (first & (CharClass.Letter | CharClass.Number | CharClass.Newline)) == 0;
        int end;
        if (optional && (end = LowerEnding(text, position + length)) > position + length)
        {
            return end;
        }

        if ((end = LowerEnding(text, position)) > position)
        {
            return end;
        }

        if (optional && (end = UpperEnding(text, position + length)) > position + length)
        {
            return end;
        }

        return UpperEnding(text, position);
    }

    // [upper]*[lower]+: the first class takes all it can, then gives back down to the last character that is in both.
    private int LowerEnding(ReadOnlySpan<byte> text, int start)
    {
        int position = start, afterBoth = start;
        while (position < text.Length)
        {
            var found = CharClasses.At(text, position, out var length);
            if ((found & InUpper) == 0 || (found & _excluded) != 0)
            {
                break;
            }

            position += length;
            if ((found & InLower) != 0)
            {
                afterBoth = position;
            }
        }

        var end = LowerRun(text, position);
        return end > position ? end : afterBoth;
    }

    // [upper]+[lower]*
    private int UpperEnding(ReadOnlySpan<byte> text, int start)
    {
        var position = start;
        while (position < text.Length)
        {
            var found = CharClasses.At(text, position, out var length);
            if ((found & InUpper) == 0 || (found & _excluded) != 0)
            {
                break;
            }

            position += length;
        }

        return position > start ? LowerRun(text, position) : start;
    }

    private int LowerRun(ReadOnlySpan<byte> text, int position)
    {
        while (position < text.Length)
        {
            var found = CharClasses.At(text, position, out var length);
            if ((found & InLower) == 0 || (found & _excluded) != 0)
            {
                break;
            }

            position += length;
        }

        return position;
    }
}
