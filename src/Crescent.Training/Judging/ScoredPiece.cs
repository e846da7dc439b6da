using Crescent.Text.Tokenizers;
using Crescent.Training.Data;

namespace Crescent.Training.Judging;

/// <summary>A stretch of a held-out example that goes through a model at once.</summary>
/// <param name="IsLearnt">[tokens]: whether each counts: all of a text, of a conversation what the assistant writes.</param>
public sealed record ScoredPiece(string Kind, int[] Tokens, bool[] IsLearnt)
{
    private const int LeastExamples = 8;
    private const int Choice = 4; // times the tokens that are wanted

    /// <summary>Tokens that are predicted and count. The first has nothing before it.</summary>
    public int Predictions => IsLearnt.Skip(1).Count(learnt => learnt);

    /// <summary>Cuts examples as training does, and takes pieces in the order of the seed until they hold enough predictions.</summary>
    /// <param name="predictions">Predictions that are enough.</param>
    /// <param name="longest">Most tokens of a piece.</param>
    public static IReadOnlyList<ScoredPiece> Choose(string kind, IEnumerable<Example> examples, ExampleEncoder encoder, int predictions, int longest, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(examples);
        var pieces = new List<(ulong Rank, ScoredPiece Piece)>();
        var (found, count) = (0L, 0);
        foreach (var example in examples)
        {
            if (count++ >= LeastExamples && found >= (long)Choice * predictions)
            {
                break;
            }

            foreach (var (piece, i) in Cut(kind, example, encoder, longest).Select((piece, i) => (piece, i)).Where(pair => pair.piece.Predictions > 0))
            {
                pieces.Add((HeldOut.Rank($"{example.Key}:{i}", seed), piece));
                found += piece.Predictions;
            }
        }

        var taken = 0;
        return [.. pieces.OrderBy(pair => pair.Rank).Select(pair => pair.Piece).TakeWhile(piece => (taken += piece.Predictions) - piece.Predictions < predictions)];
    }

    /// <summary>Bytes of text that the predicted tokens stand for; markers stand for none.</summary>
    public long TextBytes(Tokenizer tokenizer) =>
        Enumerable.Range(1, Tokens.Length - 1).Where(i => IsLearnt[i] && !tokenizer.IsControl(Tokens[i])).Sum(i => (long)tokenizer.TokenBytes(Tokens[i]).Length);

    private static IEnumerable<ScoredPiece> Cut(string kind, Example example, ExampleEncoder encoder, int longest)
    {
        var (ids, isLearnt) = (new List<int>(), new List<bool>());
        encoder.Encode(example, ids, isLearnt);
        return ids.Chunk(longest).Zip(isLearnt.Chunk(longest), (tokens, learnt) => new ScoredPiece(kind, tokens, learnt));
    }
}
