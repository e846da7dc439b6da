namespace Crescent.Text.Tokenizers;

/// <summary>
/// Rebuilds the merge list of a vocabulary whose ids are ranks, as public converters do: each token of several bytes is merged from its bytes by
/// the tokens of lower rank alone, which leaves the two parts that it is made of.
/// </summary>
internal static class RankMerges
{
    /// <summary>Merges in the order of ranks. A token whose bytes do not come to two parts has none: merging never reaches it.</summary>
    public static List<(int Left, int Right, int Merged)> Build(Vocabulary vocabulary)
    {
        var merges = new List<(int, int, int)>(vocabulary.Count);
        var symbols = new SymbolList();
        var lower = new LowerRanks(vocabulary.Pieces);
        for (var id = 0; id < vocabulary.Count; id++)
        {
            lower.Limit = id;
            if (IsMerged(vocabulary, id) && Split(vocabulary.Bytes(id), symbols, vocabulary, lower) is var (left, right))
            {
                merges.Add((left, right, id));
            }
        }

        return merges;
    }

    /// <summary>A token that merging the bytes of its own text does not come to, or null where there is none.</summary>
    public static int? FindUnreached(Vocabulary vocabulary, MergeRanks ranks)
    {
        var symbols = new SymbolList();
        for (var id = 0; id < vocabulary.Count; id++)
        {
            if (!IsMerged(vocabulary, id))
            {
                continue;
            }

            Merge(vocabulary.Bytes(id), symbols, vocabulary, ranks);
            var index = 0;
            if (symbols.Read(ref index, out _, out _) != id)
            {
                return id;
            }
        }

        return null;
    }

    private static bool IsMerged(Vocabulary vocabulary, int id) =>
        vocabulary.Kind(id) == TokenKind.Normal && vocabulary.Bytes(id) is { Length: > 1 } bytes && vocabulary.Pieces.Find(bytes) == id;

    private static void Merge(ReadOnlySpan<byte> bytes, SymbolList symbols, Vocabulary vocabulary, MergeRanks ranks)
    {
        symbols.Clear();
        for (var i = 0; i < bytes.Length; i++)
        {
            symbols.Add(i, i + 1, vocabulary.Pieces.Find(bytes.Slice(i, 1)));
        }

        symbols.Merge(bytes, ranks);
    }

    private static (int Left, int Right)? Split(ReadOnlySpan<byte> bytes, SymbolList symbols, Vocabulary vocabulary, LowerRanks lower)
    {
        Merge(bytes, symbols, vocabulary, lower);
        var index = 0;
        var left = symbols.Read(ref index, out _, out _);
        if (index < 0)
        {
            return null;
        }

        var right = symbols.Read(ref index, out _, out _);
        return index < 0 && left >= 0 && right >= 0 ? (left, right) : null;
    }

    private sealed class LowerRanks(TokenTable tokens) : MergeRanks
    {
        public int Limit { get; set; }

        public override int Find(ReadOnlySpan<byte> joined, int left, int right, out int merged)
        {
            merged = tokens.Find(joined);
            return merged < 0 || merged >= Limit ? None : merged;
        }
    }
}
