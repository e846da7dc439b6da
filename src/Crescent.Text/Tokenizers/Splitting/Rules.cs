namespace Crescent.Text.Tokenizers;

/// <summary>The alternatives that several patterns share. Each returns the end of its match, or its start where it does not match.</summary>
internal static class Rules
{
    /// <summary>
    /// <c>\s*[\r\n]+|\s+(?!\S)|\s+</c>, or without the first part, at a whitespace character. One scan: a run up to its last
    /// newline; else the whole run at the end of the text; else all but its last character, left for the next word.
    /// </summary>
    public static int Whitespace(ReadOnlySpan<byte> text, int start, bool newlines)
    {
        int end = start, last = start, afterNewline = -1;
        while (end < text.Length)
        {
            var found = CharClasses.At(text, end, out var length);
            if ((found & CharClass.Space) == 0)
            {
                break;
            }

            last = end;
            end += length;
            if (newlines && (found & CharClass.Newline) != 0)
            {
                afterNewline = end;
            }
        }

        return afterNewline >= 0 ? afterNewline
            : end == text.Length || last == start ? end
            : last;
    }

    /// <summary><c>\p{N}{1,most}</c></summary>
    public static int Digits(ReadOnlySpan<byte> text, int start, int most)
    {
        var position = start;
        while (most-- > 0 && position < text.Length && (CharClasses.At(text, position, out var length) & CharClass.Number) != 0)
        {
            position += length;
        }

        return position;
    }

    /// <summary><c> ?[^\s\p{L}\p{N}]+[\r\n]*</c>; the tail may be empty or also take slashes.</summary>
    public static int Others(ReadOnlySpan<byte> text, int start, ReadOnlySpan<byte> tail)
    {
        var body = text[start] == ' ' ? start + 1 : start;
        var position = body;
        while (position < text.Length
            && (CharClasses.At(text, position, out var length) & (CharClass.Space | CharClass.Letter | CharClass.Number)) == 0)
        {
            position += length;
        }

        if (position == body)
        {
            return start;
        }

        while (position < text.Length && tail.Contains(text[position]))
        {
            position++;
        }

        return position;
    }

    /// <summary><c>'s|'t|'re|'ve|'m|'ll|'d</c>; without case also <c>'ſ</c>, which folds to s.</summary>
    public static int Contraction(ReadOnlySpan<byte> text, int start, bool ignoreCase)
    {
        if (start + 1 >= text.Length || text[start] != '\'')
        {
            return start;
        }

        var first = Fold(text[start + 1], ignoreCase);
        if (first is (byte)'s' or (byte)'t' or (byte)'m' or (byte)'d')
        {
            return start + 2;
        }

        if (start + 2 >= text.Length)
        {
            return start;
        }

        var second = Fold(text[start + 2], ignoreCase);
        return (first, second) is ((byte)'r', (byte)'e') or ((byte)'v', (byte)'e') or ((byte)'l', (byte)'l')
            || (ignoreCase && text[start + 1] == 0xC5 && text[start + 2] == 0xBF)
            ? start + 3
            : start;
    }

    private static byte Fold(byte value, bool ignoreCase) =>
        ignoreCase && value is >= (byte)'A' and <= (byte)'Z' ? (byte)(value | 0x20) : value;
}
