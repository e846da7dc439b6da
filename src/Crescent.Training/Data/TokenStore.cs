namespace Crescent.Training.Data;

/// <summary>Tokens of a source's documents, one after the other: two bytes each, the highest bit says whether it is learnt.</summary>
/// <param name="isWhole">Whether documents stay whole, as conversations do whose beginning declares what the rest needs; what is too long loses its end.</param>
public sealed class TokenStore(bool isWhole = false)
{
    /// <summary>Most tokens of a vocabulary.</summary>
    public const int MostVocab = 1 << 15;

    private const ushort Learnt = 1 << 15;
    private readonly List<ushort> _tokens = [];
    private readonly List<int> _starts = [0];

    public bool IsWhole => isWhole;

    public int Documents => _starts.Count - 1;

    /// <summary>Tokens of the longest document.</summary>
    public int Longest { get; private set; }

    public int Tokens => _tokens.Count;

    /// <summary>Adds a document: in pieces of at most <paramref name="longest"/> tokens, or its first so many.</summary>
    public void Add(List<int> ids, List<bool> isLearnt, int longest)
    {
        ArgumentNullException.ThrowIfNull(ids);
        ArgumentNullException.ThrowIfNull(isLearnt);
        var count = isWhole ? Math.Min(ids.Count, longest) : ids.Count;
        for (var i = 0; i < count; i++)
        {
            if (ids[i] >= MostVocab)
            {
                throw new NotSupportedException($"expected a vocabulary of at most {MostVocab} tokens, found token {ids[i]}");
            }

            if (i > 0 && i % longest == 0)
            {
                _starts.Add(_tokens.Count);
            }

            _tokens.Add((ushort)(ids[i] | (isLearnt[i] ? Learnt : 0)));
        }

        if (count > 0)
        {
            _starts.Add(_tokens.Count);
        }

        Longest = Math.Max(Longest, Math.Min(count, longest));
    }

    public int LengthOf(int document) => _starts[document + 1] - _starts[document];

    /// <summary>The token at a place of a document, and whether it is learnt.</summary>
    public (int Token, bool IsLearnt) At(int document, int index)
    {
        var value = _tokens[_starts[document] + index];
        return (value & ~Learnt, (value & Learnt) != 0);
    }
}
