namespace Crescent.Tests.Reference;

/// <summary>Grok-2's constants, as published unless replaced.</summary>
internal sealed record Grok2ReferenceConfig(int Layers, int Heads, int KvHeads, int HeadDim, int Experts = 8)
{
    public int TopK { get; init; } = 2;

    public double Epsilon { get; init; } = 1e-5;

    /// <summary>Without scaling, as SGLang reads rope_type "original"; llama.cpp takes it for YaRN.</summary>
    public Rotation Rotation { get; init; } = Rotation.Plain(208533496, HeadDim, isInterleaved: false);

    public double EmbeddingMultiplier { get; init; } = 90.50966799187809;

    /// <summary>Factor on products of queries and keys.</summary>
    public double AttentionMultiplier { get; init; } = 1 / Math.Sqrt(HeadDim);

    public double OutputMultiplier { get; init; } = 0.5;

    public double AttentionCap { get; init; } = 30;

    /// <summary>0: none (llama.cpp).</summary>
    public double RouterCap { get; init; } = 30;

    public double FinalCap { get; init; } = 50;

    /// <summary>Whether the chosen experts' shares are made to sum to 1 (llama.cpp).</summary>
    public bool Renormalizes { get; init; }

    /// <summary>Scores of a query at a position p above this are multiplied by log p / log this, after the cap; 0 for none (llama.cpp).</summary>
    public int TemperatureLength { get; init; } = 1024;

    public Func<double, double> Gelu { get; init; } = Vectors.Gelu;
}

/// <summary>The forward pass in doubles, over tensors under their Hugging Face names, tensor-parallel parts joined.</summary>
internal sealed class Grok2Reference(Grok2ReferenceConfig config, TensorReader reader)
{
    private readonly TensorReader _read = reader.Remember();

    /// <summary>Logits of every position: [tokens][vocab].</summary>
    public double[][] Logits(int[] tokens)
    {
        var norm = _read("model.norm.weight");
        var embedding = _read("model.embed_tokens.weight");
        var hidden = tokens.Select(token => Vectors.Scaled(Vectors.Row(embedding, token, norm.Length), config.EmbeddingMultiplier)).ToArray();
        for (var layer = 0; layer < config.Layers; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            var attended = Attention(prefix + "self_attn.", [.. hidden.Select(x => Norm(prefix + "pre_attn_norm", x))]);
            hidden = [.. hidden.Select((x, i) => Vectors.Sum(x, Norm(prefix + "post_attn_norm", attended[i])))];
            hidden = [.. hidden.Select(x => Vectors.Sum(x, Norm(prefix + "post_moe_norm", FeedForward(prefix, Norm(prefix + "pre_moe_norm", x)))))];
        }

        return [.. hidden.Select(x => Head(Vectors.RmsNorm(x, norm, config.Epsilon)))];
    }

    private double[] Head(double[] x) =>
        [.. Vectors.Multiply(_read("lm_head.weight"), x).Select(logit => CausalAttention.SoftCap(logit * config.OutputMultiplier, config.FinalCap))];

    private double[][] Attention(string prefix, double[][] x)
    {
        double[] Project(string name, double[] row) => Vectors.Multiply(_read($"{prefix}{name}.weight"), row);
        var queries = x.Select((row, position) => config.Rotation.ApplyToHeads(Project("q_proj", row), config.HeadDim, position)).ToArray();
        var keys = x.Select((row, position) => config.Rotation.ApplyToHeads(Project("k_proj", row), config.HeadDim, position)).ToArray();
        var values = x.Select(row => Project("v_proj", row)).ToArray();
        return [.. CausalAttention.Run(queries, keys, values, config.Heads, config.KvHeads, Score).Select(row => Project("o_proj", row))];
    }

    private double Score(double product, int head, int query, int key)
    {
        var capped = CausalAttention.SoftCap(product * config.AttentionMultiplier, config.AttentionCap);
        var isLong = config.TemperatureLength > 0 && query > config.TemperatureLength;
        return isLong ? capped * Math.Log2(query) / Math.Log2(config.TemperatureLength) : capped;
    }

    private double[] FeedForward(string prefix, double[] x)
    {
        var logits = Vectors.Multiply(_read(prefix + "block_sparse_moe.gate.weight"), x);
        var shares = Vectors.Softmax([.. logits.Select(logit => CausalAttention.SoftCap(logit, config.RouterCap))]);
        var chosen = Vectors.Largest(shares, config.TopK);
        var total = config.Renormalizes ? chosen.Sum(expert => shares[expert]) : 1;
        var mixture = chosen
            .Select(expert => Vectors.Scaled(GeGlu($"{prefix}block_sparse_moe.experts.{expert}.", ("w1", "w3", "w2"), x), shares[expert] / total))
            .Aggregate(Vectors.Sum);
        return Vectors.Scaled(Vectors.Sum(GeGlu(prefix + "mlp.", ("gate_proj", "up_proj", "down_proj"), x), mixture), 1 / Math.Sqrt(2));
    }

    private double[] GeGlu(string prefix, (string Gate, string Up, string Down) names, double[] x)
    {
        var gated = Vectors.Multiply(_read($"{prefix}{names.Gate}.weight"), x).Select(config.Gelu).ToArray();
        return Vectors.Multiply(_read($"{prefix}{names.Down}.weight"), Vectors.Product(gated, Vectors.Multiply(_read($"{prefix}{names.Up}.weight"), x)));
    }

    private double[] Norm(string name, double[] x) => Vectors.RmsNorm(x, _read(name + ".weight"), config.Epsilon);
}
