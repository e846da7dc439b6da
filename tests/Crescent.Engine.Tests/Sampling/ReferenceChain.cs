using Crescent.Engine.Runtime.Sampling;

namespace Crescent.Tests.Sampling;

/// <summary>The sampling chain written plainly: double precision, everything sorted. What the sampler is measured against.</summary>
internal static class ReferenceChain
{
    /// <summary>The tokens that remain with their probabilities, the best first. XTC applies always (its coin is the sampler's).</summary>
    public static List<(int Id, double Probability)> Apply(float[] logits, SamplingOptions options, bool xtc = false)
    {
        var left = logits.Select((logit, id) => (Id: id, Logit: (double)logit)).Where(token => !double.IsNegativeInfinity(token.Logit))
            .OrderByDescending(token => token.Logit).ThenBy(token => token.Id).ToList();
        if (options.TopK > 0)
        {
            left = left[..Math.Min(options.TopK, left.Count)];
        }

        if (options.TypicalP < 1)
        {
            var p = Softmax(left, 1);
            var entropy = -p.Sum(x => x > 0 ? x * Math.Log(x) : 0);
            var order = Enumerable.Range(0, left.Count).OrderBy(i => Math.Abs(-Math.Log(p[i]) - entropy)).ToList();
            var kept = 0;
            for (var sum = 0.0; kept < order.Count && sum <= options.TypicalP; kept++)
            {
                sum += p[order[kept]];
            }

            left = [.. order[..kept].Order().Select(i => left[i])];
        }

        if (options.TopP < 1)
        {
            var p = Softmax(left, 1);
            var kept = 0;
            for (var sum = 0.0; kept < p.Length && (sum < options.TopP || kept == 0); kept++)
            {
                sum += p[kept];
            }

            left = left[..kept];
        }

        if (options.MinP > 0)
        {
            left = [.. left.Where(token => token.Logit >= left[0].Logit + Math.Log(options.MinP))];
        }

        if (xtc)
        {
            var p = Softmax(left, 1);
            var choices = p.Count(x => x >= options.XtcThreshold);
            left = left[Math.Max(0, choices - 1)..];
        }

        return [.. left.Select(token => token.Id).Zip(Softmax(left, options.Temperature))];
    }

    private static double[] Softmax(List<(int Id, double Logit)> tokens, double temperature)
    {
        var maximum = tokens.Max(token => token.Logit);
        var weights = tokens.Select(token => Math.Exp((token.Logit - maximum) / temperature)).ToArray();
        var sum = weights.Sum();
        return [.. weights.Select(weight => weight / sum)];
    }
}
