namespace Crescent.Training.Data;

/// <summary>Tokens of a source's documents, one after the other: two bytes each, the highest bit says whether it is learnt.</summary>
public sealed class TokenStore
{
    /// <summary>Most tokens of a vocabulary.</summary>
    public const int MostVocab = 1 << 15;

    private const ushort Learnt = 1 << 15;
    private readonly List<ushort> _tokens = [];
    private readonly List<int> _starts = [0];

    public int Documents => _starts.Count - 1;

    public int Tokens => _tokens.Count;

    /// <summary>Adds a document, in pieces of at most <paramref name="longest"/> tokens.</summary>
    public void Add(List<int> ids, List<bool> isLearnt, int longest)
    {
        ArgumentNullException.ThrowIfNull(ids);
        ArgumentNullException.ThrowIfNull(isLearnt);
        for (var i = 0; i < ids.Count; i++)
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

        if (ids.Count > 0)
        {
            _starts.Add(_tokens.Count);
        }
    }

    public int LengthOf(int document) => _starts[document + 1] - _starts[document];

    /// <summary>The token at a place of a document, and whether it is learnt.</summary>
    public (int Token, bool IsLearnt) At(int document, int index)
    {
        var value = _tokens[_starts[document] + index];
        return (value & ~Learnt, (value & Learnt) != 0);
    }
}
