namespace Crescent.Text.Tokenizers;

/// <summary>Any two symbols merge whose joined bytes are a token; the rank belongs to that token (rank files, SentencePiece scores).</summary>
internal sealed class TokenRanks(TokenTable tokens, int[]? ranks = null) : MergeRanks
{
    /// <summary>Ranks of scores: the highest first, equal scores equal.</summary>
    public static int[] OfScores(IReadOnlyList<float> scores)
    {
        var distinct = scores.Distinct().OrderDescending().ToArray();
        var rankOf = new Dictionary<float, int>(distinct.Length);
        for (var rank = 0; rank < distinct.Length; rank++)
        {
            rankOf[distinct[rank]] = rank;
        }

        return [.. scores.Select(score => rankOf[score])];
    }

    public override int Find(ReadOnlySpan<byte> joined, int left, int right, out int merged)
    {
        merged = tokens.Find(joined);
        return merged < 0 ? None : ranks is null ? merged : ranks[merged];
    }
}
