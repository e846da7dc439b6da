namespace Crescent.Engine.Runtime.Sampling;

/// <summary>A token with the logarithm of its probability under the model, before temperature, bias and penalties.</summary>
public readonly record struct TokenLogProbability(int Id, float LogProbability);

/// <summary>Log-probabilities of one row of logits. Holds the buffers for its vocabulary: one a sequence, nothing allocated a token.</summary>
public sealed class LogProbabilities(int vocab)
{
    private readonly Candidates _candidates = new(vocab);
    private readonly float[] _maxima = new float[LogitVectors.BlockCount(vocab)];
    private readonly double[] _sums = new double[LogitVectors.BlockCount(vocab)];

    /// <summary>log Σ exp(logit): a token's log-probability is its logit minus this. Call it before <see cref="Sampler.Sample"/>, which changes logits.</summary>
    /// <exception cref="ArithmeticException">A logit is NaN or infinite.</exception>
    public double LogSum(ReadOnlySpan<float> logits)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(logits.Length, vocab);
        if (!LogitVectors.BlockMaxima(logits, _maxima))
        {
            throw new ArithmeticException("logits not finite: log-probabilities do not exist");
        }

        var maximum = LogitVectors.Maximum(_maxima);
        return maximum + Math.Log(LogitVectors.BlockSums(logits, _maxima, LogitBorder.None, maximum, 1, _sums));
    }

    /// <summary>Fills <paramref name="top"/> with the most likely tokens, the most likely first; returns <see cref="LogSum"/>.</summary>
    public double Top(ReadOnlySpan<float> logits, Span<TokenLogProbability> top)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(top.Length, vocab);
        var logSum = LogSum(logits);
        _candidates.Gather(logits, _maxima, float.NegativeInfinity);
        _candidates.KeepBest(top.Length);
        for (var i = 0; i < top.Length; i++)
        {
            top[i] = new TokenLogProbability(_candidates.Ids[i], (float)(_candidates.Logits[i] - logSum));
        }

        top.Sort(static (a, b) => a.LogProbability != b.LogProbability ? b.LogProbability.CompareTo(a.LogProbability) : a.Id.CompareTo(b.Id));
        return logSum;
    }
}
