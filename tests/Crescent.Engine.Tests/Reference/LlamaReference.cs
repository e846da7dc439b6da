namespace Crescent.Tests.Reference;

/// <summary>A model of the Llama kind: llama, mistral, qwen2, qwen3, qwen3-moe.</summary>
/// <param name="Rotation">Halves apart for checkpoints as published; interleaved for the permuted rows of GGUF's llama files.</param>
internal sealed record LlamaReferenceConfig(int Layers, int Heads, int KvHeads, int HeadDim, double Epsilon, Rotation Rotation)
{
    /// <summary>Biases of q, k and v (qwen2).</summary>
    public bool HasQueryKeyValueBias { get; init; }

    /// <summary>Bias of the output projection as well.</summary>
    public bool HasOutputBias { get; init; }

    /// <summary>Norms of every q and k head, before the rotation (qwen3).</summary>
    public bool HasQueryKeyNorms { get; init; }

    /// <summary>The embedding is the head.</summary>
    public bool IsTied { get; init; }

    /// <summary>Keys that a query sees, its own among them (mistral); 0 for all.</summary>
    public int SlidingWindow { get; init; }

    /// <summary>Experts in every layer (qwen3-moe); 0 for a dense feed-forward.</summary>
    public int Experts { get; init; }

    public int TopK { get; init; }

    /// <summary>Whether the chosen experts' shares are made to sum to 1.</summary>
    public bool Renormalizes { get; init; } = true;
}

/// <summary>The forward pass in doubles, over tensors under their Hugging Face names.</summary>
internal sealed class LlamaReference(LlamaReferenceConfig config, TensorReader reader)
{
    private readonly TensorReader _read = reader.Remember();

    /// <summary>Logits of every position: [tokens][vocab].</summary>
    public double[][] Logits(int[] tokens)
    {
        var norm = _read("model.norm.weight");
        var embedding = _read("model.embed_tokens.weight");
        var hidden = tokens.Select(token => Vectors.Row(embedding, token, norm.Length)).ToArray();
        for (var layer = 0; layer < config.Layers; layer++)
        {
            hidden = Layer($"model.layers.{layer}.", hidden);
        }

        var head = config.IsTied ? embedding : _read("lm_head.weight");
        return [.. hidden.Select(x => Vectors.Multiply(head, Vectors.RmsNorm(x, norm, config.Epsilon)))];
    }

    private double[][] Layer(string prefix, double[][] hidden)
    {
        var attended = Attention(prefix + "self_attn.", [.. hidden.Select(x => Norm(prefix + "input_layernorm", x))]);
        hidden = [.. hidden.Zip(attended, Vectors.Sum)];
        return [.. hidden.Select(x => Vectors.Sum(x, FeedForward(prefix + "mlp.", Norm(prefix + "post_attention_layernorm", x))))];
    }

    private double[][] Attention(string prefix, double[][] x)
    {
        var queries = x.Select((row, position) => Rotated(prefix, "q", row, position)).ToArray();
        var keys = x.Select((row, position) => Rotated(prefix, "k", row, position)).ToArray();
        var values = x.Select(row => Project(prefix + "v_proj", row, config.HasQueryKeyValueBias)).ToArray();
        var mixed = CausalAttention.Run(queries, keys, values, config.Heads, config.KvHeads, Score);
        return [.. mixed.Select(row => Project(prefix + "o_proj", row, config.HasOutputBias))];
    }

    private double Score(double product, int head, int query, int key) =>
        config.SlidingWindow > 0 && query - key >= config.SlidingWindow ? double.NegativeInfinity : product / Math.Sqrt(config.HeadDim);

    private double[] Rotated(string prefix, string name, double[] x, int position)
    {
        var heads = Project($"{prefix}{name}_proj", x, config.HasQueryKeyValueBias);
        if (config.HasQueryKeyNorms)
        {
            heads = Vectors.RmsNormHeads(heads, _read($"{prefix}{name}_norm.weight"), config.Epsilon);
        }

        return config.Rotation.ApplyToHeads(heads, config.HeadDim, position);
    }

    private double[] FeedForward(string prefix, double[] x)
    {
        if (config.Experts == 0)
        {
            return SwiGlu(prefix, x);
        }

        var shares = Vectors.Softmax(Vectors.Multiply(_read(prefix + "gate.weight"), x));
        var chosen = Vectors.Largest(shares, config.TopK);
        var total = config.Renormalizes ? chosen.Sum(expert => shares[expert]) : 1;
        return chosen.Select(expert => Vectors.Scaled(SwiGlu($"{prefix}experts.{expert}.", x), shares[expert] / total)).Aggregate(Vectors.Sum);
    }

    private double[] SwiGlu(string prefix, double[] x) =>
        Vectors.SwiGlu(_read(prefix + "gate_proj.weight"), _read(prefix + "up_proj.weight"), _read(prefix + "down_proj.weight"), x);

    private double[] Norm(string name, double[] x) => Vectors.RmsNorm(x, _read(name + ".weight"), config.Epsilon);

    private double[] Project(string name, double[] x, bool hasBias) => Vectors.Multiply(_read(name + ".weight"), x, hasBias ? _read(name + ".bias") : null);
}
