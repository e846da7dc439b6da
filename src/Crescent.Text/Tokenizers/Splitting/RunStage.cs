namespace Crescent.Text.Tokenizers;

/// <summary>Runs of at most <c>most</c> characters of a set, where asked with one whitespace character before: <c>\s?[set]{1,most}</c>.</summary>
internal sealed class RunStage(CharClass classes, int[] ranges, int most = int.MaxValue, bool optionalSpace = false) : SplitStage
{
    protected override int Match(ReadOnlySpan<byte> text, int position)
    {
        if (optionalSpace && (CharClasses.At(text, position, out var length) & CharClass.Space) != 0)
        {
            var end = Run(text, position + length);
            if (end > position + length)
            {
                return end;
            }
        }

        return Run(text, position);
    }

    private int Run(ReadOnlySpan<byte> text, int position)
    {
        for (var left = most; left > 0 && position < text.Length; left--)
        {
            var found = CharClasses.At(text, position, out var length, out var codePoint);
            if ((found & classes) == 0 && !CharClasses.InRanges(ranges, codePoint))
            {
                break;
            }

            position += length;
        }

        return position;
    }
}
