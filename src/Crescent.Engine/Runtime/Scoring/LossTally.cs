namespace Crescent.Engine.Runtime.Scoring;

/// <summary>Mean negative log-likelihood of predicted tokens, and what follows from it.</summary>
public sealed class LossTally
{
    private double _sum;
    private double _squares;

    /// <summary>Predictions so far.</summary>
    public long Count { get; private set; }

    /// <summary>Sum over predictions, in nats.</summary>
    public double Sum => _sum;

    /// <summary>e to the mean loss.</summary>
    public double Perplexity => Math.Exp(_sum / Count);

    /// <summary>Standard error of <see cref="Perplexity"/>, from the losses' variance as if they were independent; 0 for fewer than two.</summary>
    public double StandardError
    {
        get
        {
            var mean = _sum / Count;
            var variance = (_squares / Count) - (mean * mean);
            return Count > 1 && variance > 0 ? Math.Sqrt(variance / (Count - 1)) * Perplexity : 0;
        }
    }

    /// <summary>Adds one prediction, logits [vocab] and the token that came, and returns its loss: infinite or NaN where logits are.</summary>
    public double Add(ReadOnlySpan<float> logits, int token)
    {
        var loss = LogSum(logits) - logits[token];
        _sum += loss;
        _squares += loss * loss;
        Count++;
        return loss;
    }

    /// <summary>ln Σ exp(logit), in double.</summary>
    public static double LogSum(ReadOnlySpan<float> logits)
    {
        var max = float.NegativeInfinity;
        foreach (var logit in logits)
        {
            max = Math.Max(max, logit);
        }

        var sum = 0.0;
        foreach (var logit in logits)
        {
            sum += Math.Exp((double)logit - max);
        }

        return max + Math.Log(sum);
    }
}
