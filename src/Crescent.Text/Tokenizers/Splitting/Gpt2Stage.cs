namespace Crescent.Text.Tokenizers;

/// <summary>The pattern of GPT-2; reference models.md 4.3.</summary>
internal sealed class Gpt2Stage : SplitStage
{
    protected override int Match(ReadOnlySpan<byte> text, int position)
    {
        var end = Rules.Contraction(text, position, ignoreCase: false);
        if (end > position)
        {
            return end;
        }

        var body = text[position] == ' ' ? position + 1 : position;
        end = CharClasses.Run(text, body, CharClass.Letter);
        if (end == body)
        {
            end = CharClasses.Run(text, body, CharClass.Number);
        }

        if (end > body)
        {
            return end;
        }

        end = Rules.Others(text, position, []);
        return end > position ? end : Rules.Whitespace(text, position, newlines: false);
    }
}
