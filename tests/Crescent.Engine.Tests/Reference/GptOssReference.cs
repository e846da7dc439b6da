namespace Crescent.Tests.Reference;

/// <summary>A model of the gpt-oss kind.</summary>
internal sealed record GptOssReferenceConfig(int Layers, int Heads, int KvHeads, int HeadDim, int Experts, int TopK, Rotation Rotation)
{
    public double Epsilon { get; init; } = 1e-5;

    /// <summary>Keys that a query of an even layer sees, its own among them.</summary>
    public int SlidingWindow { get; init; } = 128;

    public double Limit { get; init; } = 7;

    public double Alpha { get; init; } = 1.702;

    /// <summary>The rotation of the published models: YaRN whose ramp begins and ends between whole numbers.</summary>
    public static Rotation PublishedRotation { get; } = Rotation.Yarn(150000, 64, isInterleaved: false, 32, 4096, 32, 1, truncate: false);
}

/// <summary>
/// The forward pass in doubles, over tensors under their Hugging Face names. Experts are stacked and decoded from their blocks:
/// mlp.experts.gate_up_proj is [experts, 2 · width, hidden] with gate in the even rows and up in the odd ones, down_proj [experts, hidden, width].
/// </summary>
internal sealed class GptOssReference(GptOssReferenceConfig config, TensorReader reader)
{
    private readonly TensorReader _read = reader.Remember();

    /// <summary>Logits of every position: [tokens][vocab].</summary>
    public double[][] Logits(int[] tokens)
    {
        var norm = _read("model.norm.weight");
        var hidden = tokens.Select(token => Vectors.Row(_read("model.embed_tokens.weight"), token, norm.Length)).ToArray();
        for (var layer = 0; layer < config.Layers; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            var attended = Attention(prefix + "self_attn.", layer, [.. hidden.Select(x => Norm(prefix + "input_layernorm", x))]);
            hidden = [.. hidden.Zip(attended, Vectors.Sum)];
            hidden = [.. hidden.Select(x => Vectors.Sum(x, Mixture(prefix + "mlp.", Norm(prefix + "post_attention_layernorm", x))))];
        }

        return [.. hidden.Select(x => Vectors.Multiply(_read("lm_head.weight"), Vectors.RmsNorm(x, norm, config.Epsilon)))];
    }

    private double[][] Attention(string prefix, int layer, double[][] x)
    {
        var queries = x.Select((row, position) => config.Rotation.ApplyToHeads(Project(prefix + "q_proj", row), config.HeadDim, position)).ToArray();
        var keys = x.Select((row, position) => config.Rotation.ApplyToHeads(Project(prefix + "k_proj", row), config.HeadDim, position)).ToArray();
        var values = x.Select(row => Project(prefix + "v_proj", row)).ToArray();
        double Score(double product, int head, int query, int key) =>
            layer % 2 == 0 && query - key >= config.SlidingWindow ? double.NegativeInfinity : product / Math.Sqrt(config.HeadDim);
        var mixed = CausalAttention.Run(queries, keys, values, config.Heads, config.KvHeads, Score, _read(prefix + "sinks"));
        return [.. mixed.Select(row => Project(prefix + "o_proj", row))];
    }

    private double[] Mixture(string prefix, double[] x)
    {
        var logits = Project(prefix + "router", x);
        var chosen = Vectors.Largest(logits, config.TopK);
        var shares = Vectors.Softmax([.. chosen.Select(expert => logits[expert])]);
        return chosen.Select((expert, i) => Vectors.Scaled(Expert(prefix + "experts.", expert, x), shares[i])).Aggregate(Vectors.Sum);
    }

    private double[] Expert(string prefix, int expert, double[] x)
    {
        double[] Of(string name) => TensorReaders.Slice(_read(prefix + name), config.Experts, expert);
        var both = Vectors.Multiply(Of("gate_up_proj"), x, Of("gate_up_proj_bias"));
        var inner = new double[both.Length / 2];
        for (var i = 0; i < inner.Length; i++)
        {
            var gate = Math.Min(both[2 * i], config.Limit);
            var up = Math.Clamp(both[(2 * i) + 1], -config.Limit, config.Limit);
            inner[i] = gate * Vectors.Sigmoid(config.Alpha * gate) * (up + 1);
        }

        return Vectors.Multiply(Of("down_proj"), inner, Of("down_proj_bias"));
    }

    private double[] Norm(string name, double[] x) => Vectors.RmsNorm(x, _read(name + ".weight"), config.Epsilon);

    private double[] Project(string name, double[] x) => Vectors.Multiply(_read(name + ".weight"), x, _read(name + ".bias"));
}
