namespace Crescent.Text.Tokenizers;

/// <summary>The third pattern of DeepSeek-V3; reference models.md 4.3, DSV3-c.</summary>
internal sealed class DeepSeekWordStage : SplitStage
{
    private const CharClass InWord = CharClass.Letter | CharClass.Mark;

    protected override int Match(ReadOnlySpan<byte> text, int position)
    {
        var first = CharClasses.At(text, position, out var length);
        if (first is CharClass.Punctuation or CharClass.Symbol && length == 1)
        {
            var letters = position + 1;
            while (letters < text.Length && char.IsAsciiLetter((char)text[letters]))
            {
                letters++;
            }

            if (letters > position + 1)
            {
                return letters;
            }
        }

        int end;
        if ((first & (CharClass.Newline | CharClass.Letter | CharClass.Punctuation | CharClass.Symbol)) == 0
            && (end = CharClasses.Run(text, position + length, InWord)) > position + length)
        {
            return end;
        }

        if ((end = CharClasses.Run(text, position, InWord)) > position)
        {
            return end;
        }

        var body = text[position] == ' ' ? position + 1 : position;
        end = CharClasses.Run(text, body, CharClass.Punctuation | CharClass.Symbol);
        if (end > body)
        {
            while (end < text.Length && text[end] is (byte)'\r' or (byte)'\n')
            {
                end++;
            }

            return end;
        }

        return (first & CharClass.Space) != 0 ? Rules.Whitespace(text, position, newlines: true) : -1;
    }
}
