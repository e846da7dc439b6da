namespace Crescent.Text.Tokenizers;

/// <summary>One pattern of a pre-splitter: its matches and the gaps between them become pieces.</summary>
internal abstract class SplitStage
{
    /// <summary>Appends the end of each piece of <paramref name="text"/>, plus <paramref name="offset"/>.</summary>
    public virtual void Split(ReadOnlySpan<byte> text, int offset, List<int> ends)
    {
        var gapStart = 0;
        for (var position = 0; position < text.Length;)
        {
            var end = Match(text, position);
            if (end > position)
            {
                if (position > gapStart)
                {
                    ends.Add(offset + position);
                }

                ends.Add(offset + end);
                position = gapStart = end;
            }
            else
            {
                CharClasses.At(text, position, out var length);
                position += length;
            }
        }

        if (gapStart < text.Length)
        {
            ends.Add(offset + text.Length);
        }
    }

    /// <summary>
    /// The end of the match that begins at the position, or -1. Work must stay linear over a text: a failed attempt looks
    /// at a bounded number of characters, and a match scans no further than a constant multiple of what it takes.
    /// </summary>
    protected abstract int Match(ReadOnlySpan<byte> text, int position);
}
