namespace Crescent.Tests.Reference;

/// <summary>What a query makes of a key: the score of its product with it. Negative infinity hides the key.</summary>
internal delegate double AttentionScore(double product, int head, int queryPosition, int keyPosition);

/// <summary>Softmax attention over the keys up to and including the query's own.</summary>
internal static class CausalAttention
{
    /// <summary>Values mixed for every token: [tokens][heads · valueDim].</summary>
    /// <param name="queries">[tokens][heads · keyDim].</param>
    /// <param name="keys">[tokens][kvHeads · keyDim].</param>
    /// <param name="values">[tokens][kvHeads · valueDim].</param>
    /// <param name="sinks">[heads]? Scores of one more key without a value.</param>
    public static double[][] Run(double[][] queries, double[][] keys, double[][] values, int heads, int kvHeads, AttentionScore score, double[]? sinks = null)
    {
        var (keyDim, valueDim) = (keys[0].Length / kvHeads, values[0].Length / kvHeads);
        var mixed = queries.Select(_ => new double[heads * valueDim]).ToArray();
        for (var position = 0; position < queries.Length; position++)
        {
            for (var head = 0; head < heads; head++)
            {
                var kvHead = head / (heads / kvHeads);
                var scores = new List<double>();
                for (var key = 0; key <= position; key++)
                {
                    var product = 0.0;
                    for (var i = 0; i < keyDim; i++)
                    {
                        product += queries[position][(head * keyDim) + i] * keys[key][(kvHead * keyDim) + i];
                    }

                    scores.Add(score(product, head, position, key));
                }

                if (sinks is not null)
                {
                    scores.Add(sinks[head]);
                }

                var shares = Vectors.Softmax([.. scores]);
                for (var key = 0; key <= position; key++)
                {
                    for (var i = 0; i < valueDim; i++)
                    {
                        mixed[position][(head * valueDim) + i] += shares[key] * values[key][(kvHead * valueDim) + i];
                    }
                }
            }
        }

        return mixed;
    }

    /// <summary>cap · tanh(x / cap); no cap where it is 0.</summary>
    public static double SoftCap(double x, double cap) => cap == 0 ? x : cap * Math.Tanh(x / cap);
}
