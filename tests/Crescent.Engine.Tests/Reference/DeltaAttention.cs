namespace Crescent.Tests.Reference;

/// <summary>Sizes of Kimi Delta Attention; keys and values of a head have the same length.</summary>
internal sealed record DeltaAttentionConfig(int Heads, int HeadDim, double Epsilon)
{
    /// <summary>Tokens that the convolutions see, the current one among them.</summary>
    public int Taps { get; init; } = 4;

    /// <summary>Added to the squared length of queries and keys.</summary>
    public double LengthEpsilon { get; init; } = 1e-6;
}

/// <summary>Kimi Delta Attention as a recurrence, token by token, over the tensors of one layer.</summary>
internal sealed class DeltaAttention
{
    private readonly DeltaAttentionConfig _config;
    private readonly TensorReader _read;
    private readonly string _prefix;

    // Inputs of the convolutions of the tokens before, the oldest first: [taps - 1][heads · headDim].
    private readonly Dictionary<string, Queue<double[]>> _tails = [];

    // [heads][headDim of keys, headDim of values]
    private readonly double[][,] _states;

    public DeltaAttention(DeltaAttentionConfig config, TensorReader read, string prefix)
    {
        (_config, _read, _prefix) = (config, read, prefix);
        _states = [.. Enumerable.Range(0, config.Heads).Select(_ => new double[config.HeadDim, config.HeadDim])];
        foreach (var name in new[] { "q", "k", "v" })
        {
            _tails[name] = new Queue<double[]>(Enumerable.Range(1, config.Taps - 1).Select(_ => new double[config.Heads * config.HeadDim]));
        }
    }

    /// <summary>The next token: [hidden] from normed [hidden].</summary>
    public double[] Next(double[] x)
    {
        var queries = Convolved("q", x).Chunk(_config.HeadDim).ToArray();
        var keys = Convolved("k", x).Chunk(_config.HeadDim).ToArray();
        var values = Convolved("v", x).Chunk(_config.HeadDim).ToArray();
        var decays = Vectors.Sum(Project("f_b_proj", Project("f_a_proj", x)), _read(_prefix + "dt_bias")).Chunk(_config.HeadDim).ToArray();
        var strengths = Project("b_proj", x);
        var gates = Project("g_b_proj", Project("g_a_proj", x)).Select(Vectors.Sigmoid).ToArray();

        var mixed = new List<double>();
        for (var head = 0; head < _config.Heads; head++)
        {
            var rate = Math.Exp(_read(_prefix + "A_log")[head]);
            double[] decay = [.. decays[head].Select(value => Math.Exp(-rate * Vectors.Softplus(value)))];
            var query = Vectors.Scaled(UnitLength(queries[head]), 1 / Math.Sqrt(_config.HeadDim));
            var output = Step(_states[head], query, UnitLength(keys[head]), values[head], decay, Vectors.Sigmoid(strengths[head]));
            mixed.AddRange(Vectors.RmsNorm(output, _read(_prefix + "o_norm.weight"), _config.Epsilon));
        }

        return Project("o_proj", Vectors.Product([.. mixed], gates));
    }

    // S = diag(decay) S; S = S + k ⊗ strength · (v - Sᵀ k); Sᵀ q.
    private static double[] Step(double[,] state, double[] query, double[] key, double[] value, double[] decay, double strength)
    {
        for (var i = 0; i < key.Length; i++)
        {
            for (var j = 0; j < value.Length; j++)
            {
                state[i, j] *= decay[i];
            }
        }

        var output = new double[value.Length];
        for (var j = 0; j < value.Length; j++)
        {
            var recalled = 0.0;
            for (var i = 0; i < key.Length; i++)
            {
                recalled += state[i, j] * key[i];
            }

            for (var i = 0; i < key.Length; i++)
            {
                state[i, j] += key[i] * strength * (value[j] - recalled);
                output[j] += state[i, j] * query[i];
            }
        }

        return output;
    }

    // silu of the last taps' inputs, each channel weighted by its own taps [channels, taps], the last tap the current token's.
    private double[] Convolved(string name, double[] x)
    {
        var (tail, taps) = (_tails[name], _read($"{_prefix}{name}_conv1d.weight"));
        double[][] inputs = [.. tail, Project($"{name}_proj", x)];
        tail.Dequeue();
        tail.Enqueue(inputs[^1]);
        return [.. Enumerable.Range(0, inputs[0].Length).Select(channel => Vectors.Silu(inputs.Select((input, tap) => input[channel] * taps[(channel * _config.Taps) + tap]).Sum()))];
    }

    private double[] UnitLength(double[] x) => Vectors.Scaled(x, 1 / Math.Sqrt(x.Sum(value => value * value) + _config.LengthEpsilon));

    private double[] Project(string name, double[] x) => Vectors.Multiply(_read($"{_prefix}{name}.weight"), x);
}
