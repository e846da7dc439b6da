using System.Diagnostics;
using Crescent.Kernels.Elementwise;

namespace Crescent.Engine.Models.Layers;

/// <summary>Chooses a token's experts from its router logits. Ties go to the lower index; the bias takes part in the choice only.</summary>
public sealed class Router(RouterOptions options, float[]? bias)
{
    private readonly float[]? _bias = bias; // [experts]

    public RouterOptions Options { get; } = options;

    /// <summary>Whether the weights of a token's experts are shares of a sum over these alone.</summary>
    public bool WeighsChosenOnly => Options.Normalise || Options.Score == RouterScore.SoftmaxOfChosen;

    /// <param name="logits">[experts], overwritten</param>
    /// <param name="scratch">[at least experts + groups]</param>
    /// <param name="experts">[topK], chosen experts, best first</param>
    /// <param name="weights">[topK]</param>
    /// <param name="resident">[experts], those that are in memory, where they are preferred (<see cref="LossyRouting.PreferResident"/>); empty for no preference</param>
    /// <param name="preference">Share of the range of the chosen scores by which one that is preferred may be worse.</param>
    public void Choose(Span<float> logits, Span<float> scratch, Span<int> experts, Span<float> weights, ReadOnlySpan<bool> resident = default, float preference = 0)
    {
        var scores = logits;
        Score(scores);

        var choice = scratch[..scores.Length];
        scores.CopyTo(choice);
        Bias.Add(choice, _bias);
        VectorMath.LowestForNaN(choice);

        if (Options.Groups > 1)
        {
            MaskGroups(choice, scratch[scores.Length..]);
        }

        TakeTop(choice, experts);
        if (!resident.IsEmpty)
        {
            LossyRouting.PreferResident(choice, experts, resident, preference);
        }

        Weigh(scores, experts, weights);
    }

    private void Score(Span<float> logits)
    {
        if (Options.SoftCap > 0)
        {
            SoftCap.Apply(logits, Options.SoftCap);
        }

        switch (Options.Score)
        {
            case RouterScore.Sigmoid:
                VectorMath.Sigmoid(logits);
                break;
            case RouterScore.Softmax:
                Softmax.Apply(logits);
                break;
        }
    }

    private void Weigh(ReadOnlySpan<float> scores, ReadOnlySpan<int> experts, Span<float> weights)
    {
        for (var k = 0; k < weights.Length; k++)
        {
            weights[k] = scores[experts[k]];
        }

        if (Options.Score == RouterScore.SoftmaxOfChosen)
        {
            Softmax.Apply(weights);
        }

        var sum = 0f;
        foreach (var weight in weights)
        {
            sum += weight;
        }

        var scale = Options.Normalise ? Options.Scale / (sum + 1e-20f) : Options.Scale;
        VectorMath.Scale(weights, scale);
    }

    // Keeps the best groups. A group's score is the sum of its two best experts (V3) or its best one (V2, softmax scores).
    private void MaskGroups(Span<float> choice, Span<float> groupScores)
    {
        var size = choice.Length / Options.Groups;
        for (var g = 0; g < Options.Groups; g++)
        {
            var (best, second) = (float.NegativeInfinity, float.NegativeInfinity);
            foreach (var value in choice.Slice(g * size, size))
            {
                if (value > best)
                {
                    (best, second) = (value, best);
                }
                else if (value > second)
                {
                    second = value;
                }
            }

            groupScores[g] = Options.Score == RouterScore.Sigmoid && size > 1 ? best + second : best;
        }

        for (var dropped = 0; dropped < Options.Groups - Options.GroupsUsed; dropped++)
        {
            // The worst group still kept; among equals the higher index goes.
            var worst = -1;
            for (var g = 0; g < Options.Groups; g++)
            {
                if (!float.IsPositiveInfinity(groupScores[g]) && (worst < 0 || groupScores[g] <= groupScores[worst]))
                {
                    worst = g;
                }
            }

            groupScores[worst] = float.PositiveInfinity; // marks it dropped
            choice.Slice(worst * size, size).Fill(float.NegativeInfinity);
        }
    }

    // The best of all seen so far, in order; a later one goes in front of worse ones only, so ties stay with the lower index.
    private static void TakeTop(ReadOnlySpan<float> choice, Span<int> experts)
    {
        Debug.Assert(experts.Length <= choice.Length);
        var count = 0;
        for (var e = 0; e < choice.Length; e++)
        {
            var value = choice[e];
            if (count == experts.Length && !(value > choice[experts[^1]]))
            {
                continue;
            }

            count = Math.Min(count + 1, experts.Length);
            var at = count - 1;
            for (; at > 0 && value > choice[experts[at - 1]]; at--)
            {
                experts[at] = experts[at - 1];
            }

            experts[at] = e;
        }
    }
}
