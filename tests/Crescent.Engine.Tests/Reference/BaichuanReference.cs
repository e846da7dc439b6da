namespace Crescent.Tests.Reference;

/// <summary>A model of the Baichuan kind; as many key heads as query heads.</summary>
/// <param name="Rotation">Of the 7B models; null: ALiBi (13B).</param>
internal sealed record BaichuanReferenceConfig(int Layers, int Heads, double Epsilon, Rotation? Rotation)
{
    /// <summary>Rows of the head are divided by their lengths (Baichuan 2).</summary>
    public bool NormalizesHead { get; init; }

    /// <summary>
    /// ALiBi's slopes ("Train Short, Test Long"): for a power of two 2^(-8/n), its square, …; else those of the power of two below, then every other
    /// one of the power of two above.
    /// </summary>
    public static double[] AlibiSlopes(int heads)
    {
        static IEnumerable<double> OfPower(int count) => Enumerable.Range(1, count).Select(i => Math.Pow(2, -8.0 * i / count));
        var below = 1;
        while (below * 2 <= heads)
        {
            below *= 2;
        }

        return [.. OfPower(below).Concat(OfPower(2 * below).Where((_, i) => i % 2 == 0).Take(heads - below))];
    }
}

/// <summary>The forward pass in doubles, over tensors under their Hugging Face names: W_pack is [3 · hidden, hidden], q, k and v one after the other.</summary>
internal sealed class BaichuanReference(BaichuanReferenceConfig config, TensorReader reader)
{
    private readonly TensorReader _read = reader.Remember();
    private readonly double[] _slopes = BaichuanReferenceConfig.AlibiSlopes(config.Heads);

    /// <summary>Logits of every position: [tokens][vocab].</summary>
    public double[][] Logits(int[] tokens)
    {
        var norm = _read("model.norm.weight");
        var hidden = tokens.Select(token => Vectors.Row(_read("model.embed_tokens.weight"), token, norm.Length)).ToArray();
        for (var layer = 0; layer < config.Layers; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            var attended = Attention(prefix + "self_attn.", [.. hidden.Select(x => Norm(prefix + "input_layernorm", x))]);
            hidden = [.. hidden.Zip(attended, Vectors.Sum)];
            hidden = [.. hidden.Select(x => Vectors.Sum(x, FeedForward(prefix + "mlp.", Norm(prefix + "post_attention_layernorm", x))))];
        }

        var head = Head(norm.Length);
        return [.. hidden.Select(x => Vectors.Multiply(head, Vectors.RmsNorm(x, norm, config.Epsilon)))];
    }

    private double[][] Attention(string prefix, double[][] x)
    {
        var packed = x.Select(row => Vectors.Multiply(_read(prefix + "W_pack.weight"), row).Chunk(row.Length).ToArray()).ToArray();
        var headDim = x[0].Length / config.Heads;
        for (var position = 0; position < x.Length; position++)
        {
            config.Rotation?.ApplyToHeads(packed[position][0], headDim, position);
            config.Rotation?.ApplyToHeads(packed[position][1], headDim, position);
        }

        double Score(double product, int head, int query, int key) =>
            (product / Math.Sqrt(headDim)) - (config.Rotation is null ? _slopes[head] * (query - key) : 0);
        var mixed = CausalAttention.Run([.. packed.Select(row => row[0])], [.. packed.Select(row => row[1])], [.. packed.Select(row => row[2])], config.Heads, config.Heads, Score);
        return [.. mixed.Select(row => Vectors.Multiply(_read(prefix + "o_proj.weight"), row))];
    }

    private double[] FeedForward(string prefix, double[] x) =>
        Vectors.SwiGlu(_read(prefix + "gate_proj.weight"), _read(prefix + "up_proj.weight"), _read(prefix + "down_proj.weight"), x);

    private double[] Head(int hidden)
    {
        var rows = _read("lm_head.weight").Chunk(hidden);
        return config.NormalizesHead
            ? [.. rows.SelectMany(row => Vectors.Scaled(row, 1 / Math.Sqrt(row.Sum(value => value * value))))]
            : _read("lm_head.weight");
    }

    private double[] Norm(string name, double[] x) => Vectors.RmsNorm(x, _read(name + ".weight"), config.Epsilon);
}
