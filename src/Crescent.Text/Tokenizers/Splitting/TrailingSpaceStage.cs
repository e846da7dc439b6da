namespace Crescent.Text.Tokenizers;

/// <summary><c>\s+$</c>: the whitespace at the end of a piece. Found from one scan, since trying at each space would be quadratic.</summary>
internal sealed class TrailingSpaceStage : SplitStage
{
    public override void Split(ReadOnlySpan<byte> text, int offset, List<int> ends)
    {
        var afterLast = 0;
        for (var position = 0; position < text.Length;)
        {
            var found = CharClasses.At(text, position, out var length);
            position += length;
            if ((found & CharClass.Space) == 0)
            {
                afterLast = position;
            }
        }

        if (afterLast > 0)
        {
            ends.Add(offset + afterLast);
        }

        if (afterLast < text.Length)
        {
            ends.Add(offset + text.Length);
        }
    }

    protected override int Match(ReadOnlySpan<byte> text, int position) => throw new NotSupportedException("Split does not match by position");
}
