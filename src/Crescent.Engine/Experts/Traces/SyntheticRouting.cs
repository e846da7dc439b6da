namespace Crescent.Engine.Experts.Traces;

/// <summary>Routing made up to be as uneven, and to change as slowly, as a model's.</summary>
public sealed record SyntheticRoutingOptions
{
    /// <summary>Mixture layers, numbered from 1.</summary>
    public int Layers { get; init; } = 4;

    public int Experts { get; init; } = 256;

    /// <summary>Experts that a token takes.</summary>
    public int TopK { get; init; } = 8;

    /// <summary>Steps of one token each, after the prompt.</summary>
    public int Tokens { get; init; } = 213;

    /// <summary>Tokens of the first step; 0 for none.</summary>
    public int PromptTokens { get; init; }

    /// <summary>Exponent s of Zipf's law: the expert of rank r is liked (r + 1)^-s as much as the first. 0 is even routing.</summary>
    public double Skew { get; init; } = 0.83;

    /// <summary>Pairs of experts of a layer that swap their ranks after each token: how fast the topic changes.</summary>
    public double Drift { get; init; } = 0.5;

    public int Seed { get; init; }
}

/// <summary>
/// A token takes the experts of highest ln(liking) + Gumbel noise, which is drawing without replacement in proportion to their likings; shares are the softmax of half
/// those scores. Each layer has an order of its own.
/// </summary>
public static class SyntheticRouting
{
    private const double ShareSlope = 0.5;

    public static void Write(SyntheticRoutingOptions options, IRoutingRecorder recorder)
    {
        var random = new Random(options.Seed);
        var layers = Enumerable.Range(0, options.Layers).Select(_ => new LayerRouting(options, random)).ToArray();
        if (options.PromptTokens > 0)
        {
            Step(options.PromptTokens);
        }

        for (var token = 0; token < options.Tokens; token++)
        {
            Step(1);
        }

        void Step(int tokens)
        {
            recorder.BeginStep();
            for (var i = 0; i < layers.Length; i++)
            {
                var (chosen, weights) = layers[i].Choose(tokens);
                recorder.Record(i + 1, options.Experts, options.TopK, chosen, weights);
            }
        }
    }

    private sealed class LayerRouting
    {
        private readonly SyntheticRoutingOptions _options;
        private readonly Random _random;
        private readonly double[] _likings; // [experts], logarithms
        private readonly double[] _scores; // [experts], negative, to be sorted
        private readonly int[] _order; // [experts]
        private double _swaps;

        public LayerRouting(SyntheticRoutingOptions options, Random random)
        {
            (_options, _random) = (options, random);
            _likings = [.. Enumerable.Range(0, options.Experts).Select(rank => -options.Skew * Math.Log(rank + 1))];
            random.Shuffle(_likings);
            (_scores, _order) = (new double[options.Experts], new int[options.Experts]);
        }

        /// <returns>[tokens, topK] both</returns>
        public (int[] Chosen, float[] Weights) Choose(int tokens)
        {
            var (chosen, weights) = (new int[tokens * _options.TopK], new float[tokens * _options.TopK]);
            for (var at = 0; at < chosen.Length; at += _options.TopK)
            {
                ChooseToken(chosen.AsSpan(at, _options.TopK), weights.AsSpan(at, _options.TopK));
                Drift();
            }

            return (chosen, weights);
        }

        private void ChooseToken(Span<int> chosen, Span<float> weights)
        {
            for (var e = 0; e < _scores.Length; e++)
            {
                var gumbel = -Math.Log(-Math.Log(Math.Max(_random.NextDouble(), double.Epsilon)));
                (_scores[e], _order[e]) = (-(_likings[e] + gumbel), e);
            }

            Array.Sort(_scores, _order);
            for (var k = 0; k < chosen.Length; k++)
            {
                chosen[k] = _order[k];
                weights[k] = (float)Math.Exp(ShareSlope * (_scores[0] - _scores[k]));
            }
        }

        private void Drift()
        {
            for (_swaps += _options.Drift; _swaps >= 1; _swaps--)
            {
                var (a, b) = (_random.Next(_likings.Length), _random.Next(_likings.Length));
                (_likings[a], _likings[b]) = (_likings[b], _likings[a]);
            }
        }
    }
}
