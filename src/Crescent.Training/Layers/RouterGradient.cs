using Crescent.Engine.Models.Layers;
using Crescent.Kernels.Memory;

namespace Crescent.Training.Layers;

/// <summary>
/// Gradients of the sigmoid router's logits: from the weights of the chosen experts, and from the sequence-wise balance loss (DeepSeek-V3 report, equations 17 to 20).
/// </summary>
internal sealed class RouterGradient(RouterOptions options, int experts)
{
    private const float Least = 1e-20f; // as the engine's router adds it to the sum

    /// <summary>Writes the gradients of a token's logits.</summary>
    /// <param name="scores">[experts]: sigmoids of the logits</param>
    /// <param name="chosen">[topK]</param>
    /// <param name="weights">[topK]: gradients of the experts' weights</param>
    /// <param name="logits">[experts]</param>
    public void Logits(ReadOnlySpan<float> scores, ReadOnlySpan<int> chosen, ReadOnlySpan<float> weights, Span<float> logits)
    {
        logits.Clear();
        var (sum, along) = (Least, 0f);
        for (var k = 0; k < chosen.Length; k++)
        {
            sum += scores[chosen[k]];
            along += weights[k] * scores[chosen[k]];
        }

        for (var k = 0; k < chosen.Length; k++)
        {
            var score = scores[chosen[k]];
            var change = options.Normalise ? (weights[k] - (along / sum)) / sum : weights[k];
            logits[chosen[k]] = options.Scale * change * score * (1 - score);
        }
    }

    /// <summary>
    /// Adds the balance loss's part: a row's loss is <c>Σ f·P</c> over experts, f the share of its tokens that chose the expert (times experts / topK), P the mean of its
    /// normalised score. Returns the sum over rows.
    /// </summary>
    /// <param name="scores">[tokens, experts]</param>
    /// <param name="logits">[tokens, experts]</param>
    /// <param name="factor">Factor on the gradient.</param>
    public double AddBalance(TrainingContext context, AlignedBuffer<float> scores, ExpertSlots slots, AlignedBuffer<float> logits, float factor)
    {
        var (rows, length) = (context.Batch.Rows, context.Batch.RowLength);
        var losses = new double[rows];
        context.Parallel(rows, 1, (start, end) =>
        {
            for (var row = start; row < end; row++)
            {
                losses[row] = AddRow(scores, slots.Chosen.AsSpan(row * length * options.TopK, length * options.TopK), logits, row * length, length, factor);
            }
        });
        return losses.Sum();
    }

    private double AddRow(AlignedBuffer<float> scores, ReadOnlySpan<int> chosen, AlignedBuffer<float> logits, int first, int length, float factor)
    {
        var shares = new float[experts]; // f
        foreach (var expert in chosen)
        {
            shares[expert] += (float)experts / (options.TopK * (float)length);
        }

        var loss = 0.0;
        for (var token = first; token < first + length; token++)
        {
            var values = scores.Span((long)token * experts, experts);
            var target = logits.Span((long)token * experts, experts);
            var (sum, along) = (0f, 0f);
            for (var e = 0; e < experts; e++)
            {
                sum += values[e];
                along += values[e] * shares[e];
            }

            var mean = along / sum; // Σ f·s'
            loss += mean / length;
            for (var e = 0; e < experts; e++)
            {
                target[e] += factor * (shares[e] - mean) / (sum * length) * values[e] * (1 - values[e]);
            }
        }

        return loss;
    }
}
