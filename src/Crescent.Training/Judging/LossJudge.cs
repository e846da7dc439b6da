using Crescent.Engine.Runtime.Scoring;

namespace Crescent.Training.Judging;

/// <summary>A model's loss on a kind of text.</summary>
/// <param name="Tokens">Predictions that it was taken over.</param>
/// <param name="Bytes">Bytes of text that these stand for.</param>
/// <param name="Loss">Nats a token.</param>
/// <param name="BitsPerByte">All losses, those of the ends of texts and turns too, over the bytes; null where there are none.</param>
public sealed record KindLoss(string Kind, long Tokens, long Bytes, double Loss, double Perplexity, double? BitsPerByte);

/// <summary>How far a model's predictions are from another's on a kind of text.</summary>
/// <param name="Divergence">Mean KL(other ‖ model), nats a token.</param>
/// <param name="SameFirst">Share of predictions whose likeliest token is the same.</param>
public sealed record KindDivergence(string Kind, long Tokens, double Divergence, double StandardError, double Largest, double SameFirst);

/// <summary>Takes losses over held-out pieces, of one model or of two side by side.</summary>
public sealed class LossJudge(JudgedModel model, JudgedModel? other)
{
    private readonly Dictionary<string, (LossTally Model, LossTally Other, DivergenceTally Divergence, long[] Bytes)> _tallies = [];

    /// <exception cref="InvalidDataException">The two models have different vocabularies.</exception>
    public void Run(IEnumerable<ScoredPiece> pieces, Action<ScoredPiece>? visit, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(pieces);
        if (other is not null && other.Model.Shape.Vocab != model.Model.Shape.Vocab)
        {
            throw new InvalidDataException($"{other.Path}: expected a vocabulary of {model.Model.Shape.Vocab}, as the model's, found {other.Model.Shape.Vocab}");
        }

        foreach (var piece in pieces)
        {
            Score(piece, cancellation);
            visit?.Invoke(piece);
        }
    }

    public IReadOnlyList<KindLoss> Losses => [.. _tallies.Select(pair => Loss(pair.Key, pair.Value.Model, pair.Value.Bytes[0]))];

    /// <summary>Of the other model, in the same order.</summary>
    public IReadOnlyList<KindLoss> OtherLosses => other is null ? [] : [.. _tallies.Select(pair => Loss(pair.Key, pair.Value.Other, pair.Value.Bytes[0]))];

    public IReadOnlyList<KindDivergence> Divergences => other is null ? [] : [.. _tallies.Select(pair => Divergence(pair.Key, pair.Value.Divergence))];

    private void Score(ScoredPiece piece, CancellationToken cancellation)
    {
        if (!_tallies.TryGetValue(piece.Kind, out var tally))
        {
            _tallies[piece.Kind] = tally = (new LossTally(), new LossTally(), new DivergenceTally(), [0]);
        }

        tally.Bytes[0] += piece.TextBytes(model.Tokenizer);
        using var pass = model.Begin(piece);
        using var beside = other?.Begin(piece);
        while (model.Step(pass, cancellation))
        {
            for (var (position, end) = pass.Visited; position < end; position++)
            {
                while (beside is not null && position >= beside.Visited.End && other!.Step(beside, cancellation))
                {
                }

                if (piece.IsLearnt[position + 1])
                {
                    Add(tally, pass.LogitsOf(position), beside is null ? [] : beside.LogitsOf(position), piece.Tokens[position + 1]);
                }
            }
        }
    }

    private void Add((LossTally Model, LossTally Other, DivergenceTally Divergence, long[] Bytes) tally, ReadOnlySpan<float> logits, ReadOnlySpan<float> otherLogits, int token)
    {
        if (!double.IsFinite(tally.Model.Add(logits, token)))
        {
            throw new InvalidDataException($"{model.Path}: expected finite logits, found NaN or infinity");
        }

        if (other is not null)
        {
            tally.Other.Add(otherLogits, token);
            tally.Divergence.Add(otherLogits, logits);
        }
    }

    private static KindLoss Loss(string kind, LossTally tally, long bytes) =>
        new(kind, tally.Count, bytes, tally.Sum / tally.Count, tally.Perplexity, bytes > 0 ? tally.Sum / Math.Log(2) / bytes : null);

    private static KindDivergence Divergence(string kind, DivergenceTally tally) =>
        new(kind, tally.Count, tally.Mean, tally.StandardError, tally.Quantiles(1)[0], tally.TopOneAgreement);
}
