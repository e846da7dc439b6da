using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Engine.Runtime.Sampling;

/// <summary>
/// The tokens still in play with their logits: a set, not a sorted list. A cut finds its border by partitioning (quickselect), so the cost
/// is linear in the set. "Better" means a larger logit, the lower id on ties.
/// </summary>
internal sealed class Candidates(int vocab)
{
    private readonly int[] _ids = new int[vocab];
    private readonly float[] _logits = new float[vocab];
    private readonly float[] _weights = new float[vocab];

    public int Count { get; private set; }

    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    public ReadOnlySpan<float> Logits => _logits.AsSpan(0, Count);

    /// <summary>Takes every token with a logit of at least <paramref name="threshold"/>; banned tokens (−∞) never enter.</summary>
    public void Gather(ReadOnlySpan<float> logits, ReadOnlySpan<float> blockMaxima, float threshold)
    {
        threshold = MathF.Max(threshold, float.MinValue);
        var count = 0;
        for (var block = 0; block < blockMaxima.Length; block++)
        {
            if (blockMaxima[block] < threshold)
            {
                continue;
            }

            var values = LogitVectors.Block(logits, block);
            for (var i = 0; i < values.Length; i++)
            {
                if (values[i] >= threshold)
                {
                    _ids[count] = (block * LogitVectors.BlockLength) + i;
                    _logits[count++] = values[i];
                }
            }
        }

        Count = count;
    }

    /// <summary>Takes the tokens that a border keeps.</summary>
    public void Gather(ReadOnlySpan<float> logits, ReadOnlySpan<float> blockMaxima, LogitBorder border)
    {
        Gather(logits, blockMaxima, border.Logit);
        var kept = 0;
        for (var i = 0; i < Count; i++)
        {
            if (border.Keeps(_logits[i], _ids[i]))
            {
                (_ids[kept], _logits[kept]) = (_ids[i], _logits[i]);
                kept++;
            }
        }

        Count = kept;
    }

    /// <summary>Takes every token with a logit of at least <paramref name="low"/> and below <paramref name="high"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void GatherBetween(ReadOnlySpan<float> logits, ReadOnlySpan<float> blockMaxima, float low, float high)
    {
        var count = 0;
        var (least, limit) = (Vector512.Create(low), Vector512.Create(high));
        for (var block = 0; block < blockMaxima.Length; block++)
        {
            var values = LogitVectors.Block(logits, block);
            var i = blockMaxima[block] < low ? values.Length : 0;
            for (; i <= values.Length - Vector512<float>.Count; i += Vector512<float>.Count)
            {
                var v = Vector512.Create(values[i..]);
                var inside = (Vector512.GreaterThanOrEqual(v, least) & Vector512.LessThan(v, limit)).ExtractMostSignificantBits();
                for (; inside != 0; inside &= inside - 1)
                {
                    var at = i + BitOperations.TrailingZeroCount(inside);
                    _ids[count] = (block * LogitVectors.BlockLength) + at;
                    _logits[count++] = values[at];
                }
            }

            for (; i < values.Length; i++)
            {
                if (values[i] >= low && values[i] < high)
                {
                    _ids[count] = (block * LogitVectors.BlockLength) + i;
                    _logits[count++] = values[i];
                }
            }
        }

        Count = count;
    }

    /// <summary>Takes the tokens of one block that a border keeps.</summary>
    public void Take(ReadOnlySpan<float> logits, int block, LogitBorder border)
    {
        Count = 0;
        var values = LogitVectors.Block(logits, block);
        for (var i = 0; i < values.Length; i++)
        {
            var id = (block * LogitVectors.BlockLength) + i;
            if (border.Keeps(values[i], id))
            {
                (_ids[Count], _logits[Count]) = (id, values[i]);
                Count++;
            }
        }
    }

    /// <summary>The border that keeps these and all better ones.</summary>
    public LogitBorder Worst()
    {
        var worst = 0;
        for (var i = 1; i < Count; i++)
        {
            worst = Better(_logits[worst], _ids[worst], i) ? i : worst;
        }

        return new LogitBorder(_logits[worst], _ids[worst]);
    }

    /// <summary>Keeps the <paramref name="k"/> best.</summary>
    public void KeepBest(int k)
    {
        var (low, high) = (0, Count);
        while (k < Count && high - low > 1)
        {
            var border = Partition(low, high);
            if (border >= k)
            {
                high = border;
            }

            if (border <= k)
            {
                low = border;
            }
        }

        Count = Math.Min(k, Count);
    }

    /// <summary>Weights exp((logit − maximum) · scale), and their sum.</summary>
    public double Weigh(float maximum, float scale) => LogitVectors.Exponentials(Logits, maximum, scale, _weights);

    /// <summary>Keeps the best until their weights reach <paramref name="mass"/>: the one that reaches it stays.</summary>
    public void KeepMass(double mass)
    {
        var (low, high, before) = (0, Count, 0.0);
        while (high - low > 1)
        {
            var border = Partition(low, high);
            var part = Sum(low, border);
            if (before + part >= mass)
            {
                high = border;
            }
            else
            {
                (low, before) = (border, before + part);
            }
        }

        Count = high;
    }

    /// <summary>Keeps logits of at least <paramref name="threshold"/>.</summary>
    public void KeepAtLeast(float threshold)
    {
        var kept = 0;
        for (var i = 0; i < Count; i++)
        {
            if (_logits[i] >= threshold)
            {
                Swap(kept++, i);
            }
        }

        Count = kept;
    }

    /// <summary>
    /// Locally typical sampling: keeps the tokens whose information is nearest the entropy until their probability reaches
    /// <paramref name="probability"/> (llama.cpp llama_sampler_typical_apply).
    /// </summary>
    public void KeepTypical(float probability, float maximum, ReadOnlySpan<float> logits)
    {
        var sum = Weigh(maximum, 1);
        var logSum = Math.Log(sum);
        var entropy = 0.0;
        for (var i = 0; i < Count; i++)
        {
            entropy += _weights[i] / sum * (logSum - (_logits[i] - maximum));
        }

        // While choosing, what is better stands in the place of the logits; afterwards the ids fetch those back.
        foreach (ref var value in _logits.AsSpan(0, Count))
        {
            value = -(float)Math.Abs(logSum - (value - maximum) - entropy);
        }

        KeepMass(probability * sum);
        for (var i = 0; i < Count; i++)
        {
            _logits[i] = logits[_ids[i]];
        }
    }

    /// <summary>Of the tokens with a weight of at least <paramref name="weight"/> only the worst stays; all others below it stay (XTC).</summary>
    public void DropTopChoices(double weight)
    {
        var worst = -1;
        for (var i = 0; i < Count; i++)
        {
            if (_weights[i] >= weight && (worst < 0 || Better(_logits[worst], _ids[worst], i)))
            {
                worst = i;
            }
        }

        var kept = 0;
        for (var i = 0; i < Count; i++)
        {
            if (_weights[i] < weight || i == worst)
            {
                Swap(kept++, i);
            }
        }

        Count = kept;
    }

    /// <summary>The token where the running sum of weights passes <paramref name="at"/>.</summary>
    public int Pick(double at)
    {
        var last = 0;
        for (var i = 0; i < Count; i++)
        {
            if (_weights[i] > 0)
            {
                last = i;
                at -= _weights[i];
                if (at < 0)
                {
                    break;
                }
            }
        }

        return _ids[last];
    }

    // Splits [low, high) around a pivot: [low, border) are better than [border, high); both sides are non-empty.
    private int Partition(int low, int high)
    {
        var middle = Median(low, low + ((high - low) / 2), high - 1);
        Swap(high - 1, middle);
        var (pivotLogit, pivotId) = (_logits[high - 1], _ids[high - 1]);
        var border = low;
        for (var i = low; i < high - 1; i++)
        {
            if (!Better(pivotLogit, pivotId, i))
            {
                Swap(border++, i);
            }
        }

        Swap(border, high - 1);
        // The pivot joins the left side, unless it is the worst of all.
        return border == high - 1 ? border : border + 1;
    }

    private int Median(int a, int b, int c)
    {
        if (Better(_logits[b], _ids[b], a))
        {
            (a, b) = (b, a);
        }

        return Better(_logits[b], _ids[b], c) ? b : Better(_logits[a], _ids[a], c) ? c : a;
    }

    // Whether (logit, id) is better than candidate i.
    private bool Better(float logit, int id, int i) => logit > _logits[i] || (logit == _logits[i] && id < _ids[i]);

    private double Sum(int low, int high)
    {
        var sum = 0.0;
        foreach (var weight in _weights.AsSpan(low, high - low))
        {
            sum += weight;
        }

        return sum;
    }

    private void Swap(int i, int j)
    {
        (_ids[i], _ids[j]) = (_ids[j], _ids[i]);
        (_logits[i], _logits[j]) = (_logits[j], _logits[i]);
        (_weights[i], _weights[j]) = (_weights[j], _weights[i]);
    }
}
