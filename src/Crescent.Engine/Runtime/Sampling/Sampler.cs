using System.Diagnostics.CodeAnalysis;

namespace Crescent.Engine.Runtime.Sampling;

/// <summary>
/// Chooses the next token of one sequence. It owns its random numbers: the same seed, options and logits give the same ids on every machine.
/// Nothing is allocated once buffers have grown to the history. Not for use by two threads.
/// </summary>
public sealed class Sampler
{
    private readonly SamplingOptions _options;
    private readonly LogitPenalties _penalties;
    private readonly Candidates _candidates;
    private readonly TopMass? _topMass;
    private readonly float[] _maxima;  // [blocks]
    private readonly float[] _scratch; // [blocks]
    private readonly double[] _sums;   // [blocks]
    private readonly int _vocab;
    private Xoshiro256 _random;

    /// <param name="vocab">Number of logits a token.</param>
    public Sampler(SamplingOptions options, int vocab)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocab, 1);
        _options = options;
        _vocab = vocab;
        _penalties = new LogitPenalties(options, vocab);
        _candidates = new Candidates(vocab);
        _topMass = options.TopP < 1 && !CutsTopK && options.TypicalP >= 1 ? new TopMass(vocab) : null;
        var blocks = LogitVectors.BlockCount(vocab);
        _maxima = new float[blocks];
        _scratch = new float[blocks];
        _sums = new double[blocks];
        Seed = options.Seed ?? (ulong)Random.Shared.NextInt64();
        _random = new Xoshiro256(Seed);
    }

    /// <summary>The seed in use, given or drawn: it repeats this run.</summary>
    public ulong Seed { get; }

    /// <summary>Passes over all logits that the last top-p cut took, for tests.</summary>
    internal int TopPPasses => _topMass?.Passes ?? 0;

    // Whether all cuts keep the best tokens down to a border: then none need be gathered.
    private bool CutsAtBorder => !CutsTopK && !UsesXtc && _options.TypicalP >= 1;

    private bool CutsTopK => _options.TopK > 0 && _options.TopK < _vocab;

    private bool UsesXtc => _options.XtcProbability > 0 && _options.XtcThreshold <= 0.5f;

    /// <summary>The next token's id.</summary>
    /// <param name="logits">[vocab]; penalties and biases change them in place.</param>
    /// <param name="history">The ids so far, prompt and generated.</param>
    /// <param name="mask">Tokens that may be chosen, token i at bit i % 64 of word i / 64; empty for all. The logits of the others become −∞ before anything else.</param>
    /// <exception cref="ArithmeticException">A logit is NaN or infinite, or every token is banned.</exception>
    public int Sample(Span<float> logits, ReadOnlySpan<int> history, ReadOnlySpan<ulong> mask = default)
    {
        if (logits.Length != _vocab)
        {
            ThrowLength(logits.Length);
        }

        if (!LogitVectors.BlockMaxima(logits, _maxima))
        {
            ThrowNotFinite(logits);
        }

        if (!mask.IsEmpty)
        {
            LogitMask.Apply(logits, mask);
        }

        if (_penalties.Apply(logits, history) || !mask.IsEmpty)
        {
            LogitVectors.BlockMaxima(logits, _maxima);
        }

        var maximum = LogitVectors.Maximum(_maxima);
        if (!float.IsFinite(maximum))
        {
            ThrowNoToken(maximum);
        }

        if (_options.Temperature == 0)
        {
            return First(logits, maximum);
        }

        // A temperature below float's reach is greedy but for exact ties.
        var scale = MathF.Min(1 / _options.Temperature, 1e30f);
        if (CutsAtBorder)
        {
            return Sample(logits, maximum, scale, Border(logits, maximum));
        }

        Cut(logits, maximum);
        maximum = LogitVectors.Maximum(_candidates.Logits);
        return _candidates.Pick(_random.NextDouble() * _candidates.Weigh(maximum, scale));
    }

    /// <summary>What the cuts of the last call left of its logits, for tests.</summary>
    internal int[] Kept(float[] logits)
    {
        if (!CutsAtBorder)
        {
            return [.. _candidates.Ids];
        }

        LogitVectors.BlockMaxima(logits, _maxima);
        var border = Border(logits, LogitVectors.Maximum(_maxima));
        return [.. Enumerable.Range(0, logits.Length).Where(id => border.Keeps(logits[id], id))];
    }

    // Top-k, typical, top-p, min-p, XTC: each sees what the one before left, as in llama.cpp's default chain.
    private void Cut(ReadOnlySpan<float> logits, float maximum)
    {
        if (CutsTopK || _options.TypicalP < 1)
        {
            CutCandidates(logits, maximum);
        }
        else
        {
            _candidates.Gather(logits, _maxima, Border(logits, maximum));
        }

        if (UsesXtc && _candidates.Count >= 2 && _random.NextDouble() < _options.XtcProbability)
        {
            var sum = _candidates.Weigh(LogitVectors.Maximum(_candidates.Logits), 1);
            _candidates.DropTopChoices(_options.XtcThreshold * sum);
        }
    }

    private void CutCandidates(ReadOnlySpan<float> logits, float maximum)
    {
        if (CutsTopK)
        {
            GatherTopK(logits);
        }
        else
        {
            _candidates.Gather(logits, _maxima, float.MinValue);
        }

        if (_options.TypicalP < 1)
        {
            _candidates.KeepTypical(_options.TypicalP, maximum, logits);
            maximum = LogitVectors.Maximum(_candidates.Logits);
        }

        if (_options.TopP < 1)
        {
            _candidates.KeepMass(_options.TopP * _candidates.Weigh(maximum, 1));
        }

        if (_options.MinP > 0)
        {
            _candidates.KeepAtLeast(MinPThreshold(maximum));
        }
    }

    // What top-p and min-p keep where nothing comes before them.
    private LogitBorder Border(ReadOnlySpan<float> logits, float maximum)
    {
        var border = _options.MinP > 0 ? new LogitBorder(MinPThreshold(maximum)) : LogitBorder.None;
        return _topMass?.Find(logits, _maxima, maximum, _options.TopP, border, _sums, _candidates) ?? border;
    }

    private void GatherTopK(ReadOnlySpan<float> logits)
    {
        // The k-th largest of the blocks' maxima cannot be above the k-th largest logit.
        var threshold = _options.TopK <= _maxima.Length ? KthLargest(_options.TopK) : float.MinValue;
        _candidates.Gather(logits, _maxima, threshold);
        _candidates.KeepBest(_options.TopK);
    }

    private float MinPThreshold(float maximum) => maximum + (float)Math.Log(_options.MinP);

    // The block first, then the token in it.
    private int Sample(ReadOnlySpan<float> logits, float maximum, float scale, LogitBorder border)
    {
        var at = _random.NextDouble() * LogitVectors.BlockSums(logits, _maxima, border, maximum, scale, _sums);
        var block = 0;
        var last = 0;
        for (; block < _sums.Length; block++)
        {
            if (_sums[block] > 0)
            {
                last = block;
                if (at < _sums[block])
                {
                    break;
                }

                at -= _sums[block];
            }
        }

        // Past the end by rounding: the last block with any weight.
        block = Math.Min(block, last);
        _candidates.Take(logits, block, border);
        _candidates.Weigh(maximum, scale);
        return _candidates.Pick(at);
    }

    private int First(ReadOnlySpan<float> logits, float maximum)
    {
        var block = _maxima.AsSpan().IndexOf(maximum);
        return (block * LogitVectors.BlockLength) + LogitVectors.Block(logits, block).IndexOf(maximum);
    }

    // Quickselect over a copy of the blocks' maxima.
    private float KthLargest(int k)
    {
        var values = _scratch.AsSpan();
        _maxima.CopyTo(values);
        var (low, high) = (0, values.Length - 1);
        while (low < high)
        {
            var pivot = values[low + ((high - low) / 2)];
            var (i, j) = (low, high);
            while (i <= j)
            {
                while (values[i] > pivot)
                {
                    i++;
                }

                while (values[j] < pivot)
                {
                    j--;
                }

                if (i <= j)
                {
                    (values[i], values[j]) = (values[j], values[i]);
                    i++;
                    j--;
                }
            }

            if (k - 1 <= j)
            {
                high = j;
            }
            else if (k - 1 >= i)
            {
                low = i;
            }
            else
            {
                break;
            }
        }

        return values[k - 1];
    }

    [DoesNotReturn]
    private void ThrowLength(int length) => throw new ArgumentException($"logits: expected {_vocab} of them, found {length}", nameof(length));

    [DoesNotReturn]
    private static void ThrowNotFinite(ReadOnlySpan<float> logits)
    {
        var id = 0;
        while (float.IsFinite(logits[id]))
        {
            id++;
        }

        throw new ArithmeticException($"logits not finite: expected finite numbers, found {logits[id]} for token {id}");
    }

    [DoesNotReturn]
    private static void ThrowNoToken(float maximum) =>
        throw new ArithmeticException($"no token to choose: expected one that constraint, bias and penalties leave possible, found a largest logit of {maximum}");
}
