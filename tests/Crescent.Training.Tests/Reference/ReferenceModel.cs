using Crescent.Training.Layers;
using Crescent.Training.Models;

namespace Crescent.Training.Tests.Reference;

/// <summary>The model as its papers write it, one scalar at a time in doubles: the oracle of all gradients.</summary>
internal sealed class ReferenceModel(TrainingShape shape, TrainingBatch batch, IReadOnlyDictionary<string, double[]> weights, IReadOnlyList<float[]?> biases)
{
    /// <summary><c>weight · Σ cross-entropy + balance · Σ rows Σ layers balance loss</c></summary>
    public double Loss(double weight, double balance)
    {
        var hidden = Hidden(out var balanceLoss);
        var loss = 0.0;
        for (var t = 0; t < batch.Count; t++)
        {
            if (batch.Targets[t] >= 0)
            {
                var logits = Logits(hidden[t]);
                var largest = logits.Max();
                loss += largest + Math.Log(logits.Sum(logit => Math.Exp(logit - largest))) - logits[batch.Targets[t]];
            }
        }

        return (weight * loss) + (balance * balanceLoss);
    }

    /// <summary>[tokens][vocab]</summary>
    public double[][] Logits() => [.. Hidden(out _).Select(Logits)];

    private double[] Logits(double[] hidden) => Multiply("lm_head.weight", Norm("model.norm.weight", hidden), shape.Vocab);

    private double[][] Hidden(out double balanceLoss)
    {
        balanceLoss = 0;
        var table = weights["model.embed_tokens.weight"];
        double[][] hidden = [.. batch.Tokens.Select(token => table[(token * shape.Hidden)..((token + 1) * shape.Hidden)])];
        for (var layer = 0; layer < shape.Layers; layer++)
        {
            var name = $"model.layers.{layer}";
            Attention(hidden, name);
            double[][] normed = [.. hidden.Select(row => Norm($"{name}.post_attention_layernorm.weight", row))];
            balanceLoss += layer < shape.DenseLayers ? 0 : Mixture(hidden, normed, $"{name}.mlp", biases[layer]!);
            for (var t = 0; layer < shape.DenseLayers && t < hidden.Length; t++)
            {
                Add(hidden[t], Unit($"{name}.mlp.{{0}}.weight", normed[t], shape.DenseWidth, 0), 1);
            }
        }

        return hidden;
    }

    private void Attention(double[][] hidden, string name)
    {
        var (o, self) = (shape.Attention, $"{name}.self_attn");
        double[][] normed = [.. hidden.Select(row => Norm($"{name}.input_layernorm.weight", row))];
        foreach (var segment in batch.Segments)
        {
            var (queries, keys, values) = (new double[segment.Length][], new double[segment.Length][], new double[segment.Length][]);
            for (var i = 0; i < segment.Length; i++)
            {
                var x = normed[segment.Start + i];
                queries[i] = o.QueryRank > 0
                    ? Multiply($"{self}.q_b_proj.weight", Norm($"{self}.q_a_layernorm.weight", Multiply($"{self}.q_a_proj.weight", x, o.QueryRank)), o.Heads * o.HeadWidth)
                    : Multiply($"{self}.q_proj.weight", x, o.Heads * o.HeadWidth);
                var latent = Multiply($"{self}.kv_a_proj_with_mqa.weight", x, o.CachedWidth);
                var shared = latent[o.LatentWidth..];
                Rotate(shared, 0, i);
                var expanded = Multiply($"{self}.kv_b_proj.weight", Norm($"{self}.kv_a_layernorm.weight", latent[..o.LatentWidth]), o.Heads * (o.NopeWidth + o.ValueWidth));
                (keys[i], values[i]) = (new double[o.Heads * o.HeadWidth], new double[o.Heads * o.ValueWidth]);
                for (var h = 0; h < o.Heads; h++)
                {
                    Rotate(queries[i], (h * o.HeadWidth) + o.NopeWidth, i);
                    Array.Copy(expanded, h * (o.NopeWidth + o.ValueWidth), keys[i], h * o.HeadWidth, o.NopeWidth);
                    Array.Copy(shared, 0, keys[i], (h * o.HeadWidth) + o.NopeWidth, o.RopeWidth);
                    Array.Copy(expanded, (h * (o.NopeWidth + o.ValueWidth)) + o.NopeWidth, values[i], h * o.ValueWidth, o.ValueWidth);
                }
            }

            for (var i = 0; i < segment.Length; i++)
            {
                var output = new double[o.Heads * o.ValueWidth];
                for (var h = 0; h < o.Heads; h++)
                {
                    Attend(queries[i], keys, values, output, h, i);
                }

                Add(hidden[segment.Start + i], Multiply($"{self}.o_proj.weight", output, shape.Hidden), 1);
            }
        }
    }

    private void Attend(double[] query, double[][] keys, double[][] values, double[] output, int head, int position)
    {
        var o = shape.Attention;
        var weightsOf = new double[position + 1];
        for (var j = 0; j <= position; j++)
        {
            for (var c = 0; c < o.HeadWidth; c++)
            {
                weightsOf[j] += query[(head * o.HeadWidth) + c] * keys[j][(head * o.HeadWidth) + c] * o.Scale;
            }
        }

        var largest = weightsOf.Max();
        var sum = weightsOf.Sum(logit => Math.Exp(logit - largest));
        for (var j = 0; j <= position; j++)
        {
            for (var c = 0; c < o.ValueWidth; c++)
            {
                output[(head * o.ValueWidth) + c] += Math.Exp(weightsOf[j] - largest) / sum * values[j][(head * o.ValueWidth) + c];
            }
        }
    }

    private double Mixture(double[][] hidden, double[][] normed, string name, float[] bias)
    {
        var (topK, experts) = (shape.Router.TopK, shape.Experts);
        double[][] scores = [.. normed.Select(row => Multiply($"{name}.gate.weight", row, experts).Select(logit => 1 / (1 + Math.Exp(-logit))).ToArray())];
        int[][] chosen = [.. scores.Select(row => Enumerable.Range(0, experts).OrderByDescending(e => row[e] + bias[e]).Take(topK).ToArray())];
        for (var t = 0; t < hidden.Length; t++)
        {
            var sum = chosen[t].Sum(e => scores[t][e]);
            foreach (var e in chosen[t])
            {
                Add(hidden[t], Unit($"{name}.experts.*.{{0}}.weight", normed[t], shape.ExpertWidth, e), shape.Router.Scale * scores[t][e] / (shape.Router.Normalise ? sum : 1));
            }

            if (shape.SharedWidth > 0)
            {
                Add(hidden[t], Unit($"{name}.shared_experts.{{0}}.weight", normed[t], shape.SharedWidth, 0), 1);
            }
        }

        var loss = 0.0;
        for (var row = 0; row < batch.Rows; row++)
        {
            var tokens = Enumerable.Range(row * batch.RowLength, batch.RowLength).ToArray();
            for (var e = 0; e < experts; e++)
            {
                var share = tokens.Count(t => chosen[t].Contains(e)) * (double)experts / (topK * tokens.Length);
                loss += share * tokens.Average(t => scores[t][e] / scores[t].Sum());
            }
        }

        return loss;
    }

    private double[] Unit(string name, double[] input, int width, int index)
    {
        var gate = Multiply(string.Format(null, name, "gate_proj"), input, width, index);
        var up = Multiply(string.Format(null, name, "up_proj"), input, width, index);
        return Multiply(string.Format(null, name, "down_proj"), [.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)], shape.Hidden, index);
    }

    private double[] Multiply(string name, double[] input, int rows, int index = 0)
    {
        var (matrix, output) = (weights[name], new double[rows]);
        for (var r = 0; r < rows; r++)
        {
            var start = ((index * rows) + r) * input.Length;
            for (var c = 0; c < input.Length; c++)
            {
                output[r] += matrix[start + c] * input[c];
            }
        }

        return output;
    }

    private double[] Norm(string name, double[] input)
    {
        var scale = 1 / Math.Sqrt((input.Sum(value => value * value) / input.Length) + shape.Epsilon);
        return [.. input.Zip(weights[name], (value, weight) => value * scale * weight)];
    }

    // Pairs of neighbours.
    private void Rotate(double[] values, int start, int position)
    {
        for (var i = 0; i < shape.Attention.RopeWidth; i += 2)
        {
            var angle = position * Math.Pow(shape.RopeTheta, -(double)i / shape.Attention.RopeWidth);
            var (u, v) = (values[start + i], values[start + i + 1]);
            values[start + i] = (u * Math.Cos(angle)) - (v * Math.Sin(angle));
            values[start + i + 1] = (u * Math.Sin(angle)) + (v * Math.Cos(angle));
        }
    }

    private static void Add(double[] target, double[] values, double scale)
    {
        for (var i = 0; i < target.Length; i++)
        {
            target[i] += values[i] * scale;
        }
    }
}
