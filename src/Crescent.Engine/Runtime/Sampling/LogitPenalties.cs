using System.Diagnostics.CodeAnalysis;

namespace Crescent.Engine.Runtime.Sampling;

/// <summary>Everything that changes logits by id before tokens are chosen from: bias, the three repetition penalties, DRY.</summary>
internal sealed class LogitPenalties
{
    // Above this a float's exp overflows: llama.cpp's FLOAT_MAX_LOG.
    private const double FloatMaxLog = 88.7228391;

    private readonly SamplingOptions _options;
    private readonly KeyValuePair<int, float>[] _biases;
    private readonly HashSet<int> _breakers;
    private readonly int[] _counts; // [vocab]: all zero between calls
    private int[] _matches = [];    // [window]: the Z array of the reversed window

    public LogitPenalties(SamplingOptions options, int vocab)
    {
        _options = options;
        _biases = [.. options.LogitBias];
        _breakers = [.. options.DrySequenceBreakers];
        _counts = UsesPenalties || UsesDry ? new int[vocab] : [];
        foreach (var (id, _) in _biases)
        {
            if (id >= vocab)
            {
                ThrowId(id, vocab, nameof(SamplingOptions.LogitBias));
            }
        }
    }

    private bool UsesPenalties =>
        (_options.RepetitionPenalty != 1 || _options.PresencePenalty != 0 || _options.FrequencyPenalty != 0) && _options.PenaltyLastN != 0;

    private bool UsesDry => _options.DryMultiplier != 0 && _options.DryPenaltyLastN != 0;

    /// <summary>Changes the logits in place; false where there was nothing to change.</summary>
    public bool Apply(Span<float> logits, ReadOnlySpan<int> history)
    {
        foreach (var (id, bias) in _biases)
        {
            logits[id] += bias;
        }

        if (UsesPenalties)
        {
            Penalise(logits, Last(history, _options.PenaltyLastN));
        }

        if (UsesDry)
        {
            PenaliseRepeats(logits, Last(history, _options.DryPenaltyLastN));
        }

        return _biases.Length > 0 || UsesPenalties || UsesDry;
    }

    private static ReadOnlySpan<int> Last(ReadOnlySpan<int> history, int count) =>
        count < 0 || count >= history.Length ? history : history[^count..];

    // llama.cpp llama_sampler_penalties_apply.
    private void Penalise(Span<float> logits, ReadOnlySpan<int> window)
    {
        foreach (var id in window)
        {
            if ((uint)id >= (uint)logits.Length)
            {
                ThrowId(id, logits.Length, "history");
            }

            _counts[id]++;
        }

        foreach (var id in window)
        {
            var count = _counts[id];
            if (count > 0)
            {
                _counts[id] = 0;
                ref var logit = ref logits[id];
                logit = logit <= 0 ? logit * _options.RepetitionPenalty : logit / _options.RepetitionPenalty;
                logit -= (count * _options.FrequencyPenalty) + _options.PresencePenalty;
            }
        }
    }

    // llama.cpp llama_sampler_dry_apply. Read backwards, the window begins with the text to be continued: where that beginning occurs again
    // (its length from the Z algorithm), the token that followed there would extend the repetition.
    private void PenaliseRepeats(Span<float> logits, ReadOnlySpan<int> window)
    {
        var limit = RepeatLimit(window);
        if (window.Length <= _options.DryAllowedLength || limit < _options.DryAllowedLength)
        {
            return;
        }

        var matches = Matches(window);
        for (var i = 1; i < matches.Length; i++)
        {
            var next = window[^i];
            if ((uint)next >= (uint)logits.Length)
            {
                ThrowId(next, logits.Length, "history");
            }

            _counts[next] = Math.Max(_counts[next], Math.Min(matches[i], limit));
        }

        var maxExponent = _options.DryBase > 1.000001f ? (int)(FloatMaxLog / Math.Log(_options.DryBase)) : int.MaxValue;
        for (var i = 1; i < matches.Length; i++)
        {
            var next = window[^i];
            if (_counts[next] >= _options.DryAllowedLength)
            {
                logits[next] -= Penalty(Math.Min(_counts[next] - _options.DryAllowedLength, maxExponent));
            }

            _counts[next] = 0;
        }
    }

    // By squaring, not by the platform's pow: the same bits everywhere.
    private float Penalty(int exponent)
    {
        var power = 1.0;
        for (double factor = _options.DryBase; exponent > 0; exponent >>= 1, factor *= factor)
        {
            power *= (exponent & 1) != 0 ? factor : 1;
        }

        return (float)Math.Min(_options.DryMultiplier * power, float.MaxValue);
    }

    // A repetition does not reach back across a sequence breaker.
    private int RepeatLimit(ReadOnlySpan<int> window)
    {
        for (var i = 0; i < window.Length; i++)
        {
            if (_breakers.Contains(window[^(i + 1)]))
            {
                return i;
            }
        }

        return window.Length;
    }

    private ReadOnlySpan<int> Matches(ReadOnlySpan<int> window)
    {
        var length = window.Length;
        if (_matches.Length < length)
        {
            _matches = new int[(int)Math.Min(Array.MaxLength, 2L * length)];
        }

        var z = _matches.AsSpan(0, length);
        z[0] = length;
        var (left, right) = (0, 0);
        for (var i = 1; i < length; i++)
        {
            var match = i < right ? Math.Min(right - i, z[i - left]) : 0;
            while (i + match < length && window[^(match + 1)] == window[^(i + match + 1)])
            {
                match++;
            }

            z[i] = match;
            if (i + match > right)
            {
                (left, right) = (i, i + match);
            }
        }

        return z;
    }

    [DoesNotReturn]
    private static void ThrowId(int id, int vocab, string where) =>
        throw new ArgumentOutOfRangeException(where, $"{where}: expected token ids below the vocabulary of {vocab}, found {id}");
}
