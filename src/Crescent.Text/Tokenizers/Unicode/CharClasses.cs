using System.Globalization;
using System.Text;

namespace Crescent.Text.Tokenizers;

/// <summary>Classes of code points, and reading them out of UTF-8 that may be broken.</summary>
internal static class CharClasses
{
    // Script=Han of Unicode 16, as first and last code points.
    private static readonly int[] s_han =
    [
        0x2E80, 0x2E99, 0x2E9B, 0x2EF3, 0x2F00, 0x2FD5, 0x3005, 0x3005, 0x3007, 0x3007, 0x3021, 0x3029, 0x3038, 0x303B,
        0x3400, 0x4DBF, 0x4E00, 0x9FFF, 0xF900, 0xFA6D, 0xFA70, 0xFAD9, 0x16FE2, 0x16FE3, 0x16FF0, 0x16FF1,
        0x20000, 0x2A6DF, 0x2A700, 0x2B739, 0x2B740, 0x2B81D, 0x2B820, 0x2CEA1, 0x2CEB0, 0x2EBE0, 0x2EBF0, 0x2EE5D,
        0x2F800, 0x2FA1D, 0x30000, 0x3134A, 0x31350, 0x323AF,
    ];

    private static readonly CharClass[] s_basicPlane = BuildBasicPlane();

    public static CharClass Of(int codePoint) => codePoint < 0x10000 ? s_basicPlane[codePoint] : Compute(codePoint);

    /// <summary>
    /// The class of the character at a position, and its length in bytes. A stretch of invalid UTF-8 (one maximal
    /// subpart) counts as U+FFFD, but keeps its own bytes, so nothing is lost.
    /// </summary>
    public static CharClass At(ReadOnlySpan<byte> text, int position, out int length) => At(text, position, out length, out _);

    public static CharClass At(ReadOnlySpan<byte> text, int position, out int length, out int codePoint)
    {
        var first = text[position];
        if (first < 0x80)
        {
            length = 1;
            codePoint = first;
            return s_basicPlane[first];
        }

        // The status is not needed: for invalid input the rune is U+FFFD and the length that of the invalid subpart.
        Rune.DecodeFromUtf8(text[position..], out var rune, out length);
        codePoint = rune.Value;
        return Of(codePoint);
    }

    /// <summary>Where the run of characters with any of the classes ends.</summary>
    public static int Run(ReadOnlySpan<byte> text, int position, CharClass any)
    {
        while (position < text.Length && (At(text, position, out var length) & any) != 0)
        {
            position += length;
        }

        return position;
    }

    public static bool InRanges(ReadOnlySpan<int> ranges, int codePoint)
    {
        int low = 0, high = ranges.Length / 2 - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (codePoint < ranges[2 * middle])
            {
                high = middle - 1;
            }
            else if (codePoint > ranges[2 * middle + 1])
            {
                low = middle + 1;
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    private static CharClass[] BuildBasicPlane()
    {
        var classes = new CharClass[0x10000];
        for (var codePoint = 0; codePoint < classes.Length; codePoint++)
        {
            classes[codePoint] = Compute(codePoint);
        }

        return classes;
    }

    private static CharClass Compute(int codePoint)
    {
        var result = CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter => CharClass.Upper,
            UnicodeCategory.LowercaseLetter => CharClass.Lower,
            UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => CharClass.OtherLetter,
            UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => CharClass.Mark,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharClass.Number,
            UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation
                or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation
                or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation => CharClass.Punctuation,
            UnicodeCategory.MathSymbol or UnicodeCategory.CurrencySymbol or UnicodeCategory.ModifierSymbol
                or UnicodeCategory.OtherSymbol => CharClass.Symbol,
            _ => CharClass.None,
        };
        if (codePoint < 0x10000 && char.IsWhiteSpace((char)codePoint))
        {
            result |= CharClass.Space;
        }

        if (codePoint is '\r' or '\n')
        {
            result |= CharClass.Newline;
        }

        return InRanges(s_han, codePoint) ? result | CharClass.Han : result;
    }
}
