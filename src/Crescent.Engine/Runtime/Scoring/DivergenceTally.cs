namespace Crescent.Engine.Runtime.Scoring;

/// <summary>How far a model's distributions are from a base's: Kullback–Leibler divergence KL(base ‖ model) a position, in nats.</summary>
public sealed class DivergenceTally
{
    private readonly List<double> _divergences = [];
    private long _agreed;

    public long Count => _divergences.Count;

    public double Mean => _divergences.Count == 0 ? 0 : _divergences.Average();

    /// <summary>The 99th percentile: the smallest divergence that at least 99 % of the positions do not exceed.</summary>
    public double Percentile99
    {
        get
        {
            if (_divergences.Count == 0)
            {
                return 0;
            }

            var sorted = _divergences.Order().ToArray();
            return sorted[Math.Min(sorted.Length - 1, (int)Math.Ceiling(sorted.Length * 0.99) - 1)];
        }
    }

    /// <summary>Share of positions where both find the same token likeliest (the lowest id of equals).</summary>
    public double TopOneAgreement => Count == 0 ? 0 : (double)_agreed / Count;

    /// <summary>Adds a position: logits [vocab] of the base and of the model.</summary>
    public void Add(ReadOnlySpan<float> baseLogits, ReadOnlySpan<float> logits)
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
            if (probability > 0)
            {
                divergence += probability * (log - (logits[i] - sum));
            }
        }

        _divergences.Add(Math.Max(0, divergence)); // rounding alone makes equals negative
        _agreed += Likeliest(baseLogits) == Likeliest(logits) ? 1 : 0;
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
