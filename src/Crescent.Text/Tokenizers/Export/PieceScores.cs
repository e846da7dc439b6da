using System.Text;

namespace Crescent.Text.Tokenizers;

/// <summary>Scores for SentencePiece pieces that came with a merge list (<c>tokenizer.json</c>): a piece merged earlier scores higher.</summary>
internal static class PieceScores
{
    /// <exception cref="NotSupportedException">Scores cannot say what the merge list does.</exception>
    public static float[] Of(Vocabulary vocabulary, PairRanks ranks)
    {
        var merges = ranks.InOrder();
        var scores = new float[vocabulary.Count];
        var ways = new int[vocabulary.Count];
        var order = 0;
        foreach (var (_, _, merged) in merges)
        {
            if (ways[merged]++ == 0)
            {
                scores[merged] = -order++;
            }
        }

        for (var id = 0; id < vocabulary.Count; id++)
        {
            // By score, every two pieces that spell a third merge: the list must have them all.
            if (vocabulary.Kind(id) == TokenKind.Normal && vocabulary.Pieces.Find(vocabulary.Bytes(id)) == id && Splits(vocabulary, id) is var splits && splits != ways[id])
            {
                throw new NotSupportedException(
                    $"the merge list makes token {id} \"{Encoding.UTF8.GetString(vocabulary.Bytes(id))}\" in {ways[id]} of {splits} ways; "
                    + "scores, which GGUF's SentencePiece form has, need all (use the model's tokenizer.model)");
            }
        }

        return scores;
    }

    // The ways to cut a piece into two pieces, at characters.
    private static int Splits(Vocabulary vocabulary, int id)
    {
        var bytes = vocabulary.Bytes(id);
        var count = 0;
        for (var cut = 1; cut < bytes.Length; cut++)
        {
            if ((bytes[cut] & 0xC0) != 0x80 && vocabulary.Pieces.Find(bytes[..cut]) >= 0 && vocabulary.Pieces.Find(bytes[cut..]) >= 0)
            {
                count++;
            }
        }

        return count;
    }
}
