namespace Crescent.Engine.Runtime.Scoring;

/// <summary>How far a model's distributions are from a base's: Kullback–Leibler divergence KL(base ‖ model) a position, in nats.</summary>
public sealed class DivergenceTally
{
    private readonly List<double> _divergences = [];
    private long _agreed;

    public long Count => _divergences.Count;

    public double Mean => Count == 0 ? 0 : _divergences.Average();

    /// <summary>Standard error of <see cref="Mean"/>, as if positions were independent; 0 for fewer than two.</summary>
    public double StandardError
    {
        get
        {
            var mean = Mean;
            return Count > 1 ? Math.Sqrt(_divergences.Sum(value => (value - mean) * (value - mean)) / Count / (Count - 1)) : 0;
        }
    }

    /// <summary>Share of positions where both find the same token likeliest (the lowest id of equals).</summary>
    public double TopOneAgreement => Count == 0 ? 0 : (double)_agreed / Count;

    /// <summary>
    /// Divergences that the given shares of positions do not exceed (0.5 the median, 1 the largest), between two positions in proportion, as llama.cpp and
    /// numpy do; 0 for no positions.
    /// </summary>
    public double[] Quantiles(params ReadOnlySpan<double> shares)
    {
        var sorted = _divergences.Order().ToArray();
        var quantiles = new double[shares.Length];
        for (var i = 0; i < shares.Length && sorted.Length > 0; i++)
        {
            var place = shares[i] * (sorted.Length - 1);
            var below = (int)place;
            var above = Math.Min(below + 1, sorted.Length - 1);
            quantiles[i] = sorted[below] + ((place - below) * (sorted[above] - sorted[below]));
        }

        return quantiles;
    }

    /// <summary>Adds a position, and returns its divergence: infinite or NaN where logits are.</summary>
    /// <param name="baseLogits">[vocab], the base's logits or log-probabilities; −∞ for tokens without probability</param>
    /// <param name="logits">[vocab]</param>
    /// <exception cref="ArgumentException">The vocabularies differ.</exception>
    public double Add(ReadOnlySpan<float> baseLogits, ReadOnlySpan<float> logits)
    {
        if (baseLogits.Length != logits.Length)
        {
            throw new ArgumentException($"expected {baseLogits.Length} logits, as many as the base has, found {logits.Length}", nameof(logits));
        }

        var (baseSum, sum) = (LossTally.LogSum(baseLogits), LossTally.LogSum(logits));
        var divergence = 0.0;
        for (var i = 0; i < logits.Length; i++)
        {
            var log = baseLogits[i] - baseSum;
            var probability = Math.Exp(log);
            if (probability != 0)
            {
                divergence += probability * (log - (logits[i] - sum));
            }
        }

        divergence = Math.Max(0, divergence); // rounding alone makes equals negative
        _divergences.Add(divergence);
        _agreed += Likeliest(baseLogits) == Likeliest(logits) ? 1 : 0;
        return divergence;
    }

    private static int Likeliest(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }

        return best;
    }
}
