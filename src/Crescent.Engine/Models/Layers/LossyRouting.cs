using Crescent.Kernels.Elementwise;

namespace Crescent.Engine.Models.Layers;

/// <summary>Changes to a router's choice that save reads and products at the cost of likeness to the model. Exact runs take no part in them.</summary>
internal static class LossyRouting
{
    /// <summary>In the place of an expert that is not computed.</summary>
    public const int Skipped = -1;

    // Of the experts of a token, those that are never replaced: the first, two of eight.
    private const int ChosenForOneKept = 4;

    /// <summary>Drops the experts whose gate is below a share of the largest. Their places hold <see cref="Skipped"/> and weigh 0.</summary>
    /// <param name="chosen">[topK], of one token</param>
    /// <param name="weights">[topK]</param>
    /// <param name="keepSum">Whether the others take over what the dropped ones weighed, as in a model that normalises the gates of those it computes.</param>
    public static void SkipWeak(Span<int> chosen, Span<float> weights, float share, bool keepSum)
    {
        var (top, all) = (weights[0], 0f);
        foreach (var weight in weights)
        {
            top = weight > top ? weight : top;
            all += weight;
        }

        var kept = 0f;
        var skipped = 0;
        for (var k = 0; k < weights.Length; k++)
        {
            if (weights[k] < share * top)
            {
                (chosen[k], weights[k]) = (Skipped, 0);
                skipped++;
            }
            else
            {
                kept += weights[k];
            }
        }

        if (skipped > 0 && keepSum)
        {
            VectorMath.Scale(weights, all / kept);
        }
    }

    /// <summary>
    /// Puts experts in memory in the place of chosen ones that are not, the best first, where their scores are less than a share of the range of the chosen scores
    /// below. The first of the chosen, and one more for each four, stay.
    /// </summary>
    /// <param name="scores">[experts], by which the router chose; −∞ for those it may not choose</param>
    /// <param name="chosen">[topK], best first</param>
    /// <param name="resident">[experts]</param>
    /// <param name="share">Of the difference between the best and the worst chosen score.</param>
    public static void PreferResident(ReadOnlySpan<float> scores, Span<int> chosen, ReadOnlySpan<bool> resident, float share)
    {
        var margin = share * (scores[chosen[0]] - scores[chosen[^1]]);
        for (var k = Math.Max(1, chosen.Length / ChosenForOneKept); k < chosen.Length; k++)
        {
            if (!resident[chosen[k]] && BestResident(scores, chosen, resident) is >= 0 and var other && scores[chosen[k]] - scores[other] < margin)
            {
                chosen[k] = other;
            }
        }
    }

    // The lower index on ties; −1 for none.
    private static int BestResident(ReadOnlySpan<float> scores, ReadOnlySpan<int> chosen, ReadOnlySpan<bool> resident)
    {
        var best = -1;
        for (var e = 0; e < scores.Length; e++)
        {
            if (resident[e] && (best < 0 || scores[e] > scores[best]) && !chosen.Contains(e))
            {
                best = e;
            }
        }

        return best;
    }
}
