using System.Runtime.InteropServices;

namespace Crescent.Text.Tokenizers.Training;

/// <summary>
/// Learns byte-level BPE (Sennrich et al. 2016) in tiktoken's form: the 256 bytes, then the pair that occurs most often inside the pieces of the Kimi pre-splitter, again and
/// again. Among equals the pair of lower ranks wins, so that the same text gives the same file.
/// </summary>
public sealed class BpeTrainer
{
    private readonly Dictionary<string, long> _pieces = new(StringComparer.Ordinal); // bytes as Latin-1 characters → occurrences

    /// <summary>Distinct pieces seen.</summary>
    public int PieceCount => _pieces.Count;

    /// <summary>Counts the pieces of a text, UTF-8.</summary>
    public void Add(ReadOnlySpan<byte> text)
    {
        var lookup = _pieces.GetAlternateLookup<ReadOnlySpan<char>>();
        Span<char> letters = stackalloc char[256];
        var start = 0;
        foreach (var end in PreSplitter.Kimi.Split(text))
        {
            var piece = text[start..end];
            start = end;
            if (piece.Length is > 1 and <= 256) // longer ones are rules of dashes and the like
            {
                for (var i = 0; i < piece.Length; i++)
                {
                    letters[i] = (char)piece[i];
                }

                CollectionsMarshal.GetValueRefOrAddDefault(lookup, letters[..piece.Length], out _)++;
            }
        }
    }

    /// <summary>The tokens by rank.</summary>
    /// <param name="ranks">Tokens to learn, the bytes included; fewer where the text has no more pairs.</param>
    public IReadOnlyList<byte[]> Train(int ranks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ranks, 256);
        var tokens = new List<byte[]>(Enumerable.Range(0, 256).Select(value => new[] { (byte)value }));
        var merger = new PairMerger(_pieces.OrderBy(piece => piece.Key, StringComparer.Ordinal));
        while (tokens.Count < ranks && merger.TryTake(out var left, out var right))
        {
            tokens.Add([.. tokens[left], .. tokens[right]]);
            merger.Merge(left, right, tokens.Count - 1);
        }

        return tokens;
    }
}
