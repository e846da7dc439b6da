namespace Crescent.Text.Tokenizers;

/// <summary>The patterns of Llama 3 (digits in threes) and Qwen 2 (single digits); reference models.md 4.3.</summary>
internal sealed class WordStage(int mostDigits) : SplitStage
{
    protected override int Match(ReadOnlySpan<byte> text, int position)
    {
        var end = Rules.Contraction(text, position, ignoreCase: true);
        if (end > position)
        {
            return end;
        }

        var first = CharClasses.At(text, position, out var length);
        var word = (first & (CharClass.Letter | CharClass.Number | CharClass.Newline)) == 0 ? position + length : position;
        end = CharClasses.Run(text, word, CharClass.Letter);
        if (end > word)
        {
            return end;
        }

        if ((first & CharClass.Number) != 0)
        {
            return Rules.Digits(text, position, mostDigits);
        }

        end = Rules.Others(text, position, "\r\n"u8);
        return end > position ? end : Rules.Whitespace(text, position, newlines: true);
    }
}
