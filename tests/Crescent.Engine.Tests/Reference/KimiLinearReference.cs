namespace Crescent.Tests.Reference;

/// <summary>A model of the Kimi-Linear kind.</summary>
/// <param name="FullAttentionLayers">Numbers counted from 1, as its configuration has them; all others are delta attention.</param>
/// <param name="Latent">Without a rotation.</param>
internal sealed record KimiLinearReferenceConfig(
    int Layers, int DenseLayers, int[] FullAttentionLayers, double Epsilon, LatentAttentionConfig Latent, DeltaAttentionConfig Delta, ExpertRouter Router);

/// <summary>The forward pass in doubles, over tensors under their Hugging Face names.</summary>
internal sealed class KimiLinearReference
{
    private readonly KimiLinearReferenceConfig _config;
    private readonly TensorReader _read;
    private readonly LatentAttention _latent;

    public KimiLinearReference(KimiLinearReferenceConfig config, TensorReader read)
    {
        _config = config;
        _read = read.Remember();
        _latent = new LatentAttention(config.Latent, _read);
    }

    /// <summary>Logits of every position: [tokens][vocab].</summary>
    public double[][] Logits(int[] tokens)
    {
        var norm = _read("model.norm.weight");
        var hidden = tokens.Select(token => Vectors.Row(_read("model.embed_tokens.weight"), token, norm.Length)).ToArray();
        for (var layer = 0; layer < _config.Layers; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            var attended = Attention(prefix + "self_attn.", layer, [.. hidden.Select(x => Norm(prefix + "input_layernorm", x))]);
            hidden = [.. hidden.Zip(attended, Vectors.Sum)];
            hidden = [.. hidden.Select(x => Vectors.Sum(x, FeedForward(prefix, layer, Norm(prefix + "post_attention_layernorm", x))))];
        }

        return [.. hidden.Select(x => Vectors.Multiply(_read("lm_head.weight"), Vectors.RmsNorm(x, norm, _config.Epsilon)))];
    }

    private double[][] Attention(string prefix, int layer, double[][] x)
    {
        if (_config.FullAttentionLayers.Contains(layer + 1))
        {
            return _latent.Run(prefix, x);
        }

        var delta = new DeltaAttention(_config.Delta, _read, prefix);
        return [.. x.Select(delta.Next)];
    }

    private double[] FeedForward(string prefix, int layer, double[] x)
    {
        if (layer < _config.DenseLayers)
        {
            return SwiGlu(prefix + "mlp.", ("gate_proj", "up_proj", "down_proj"), x);
        }

        prefix += "block_sparse_moe.";
        var routed = _config.Router.Route(Vectors.Multiply(_read(prefix + "gate.weight"), x), _read(prefix + "gate.e_score_correction_bias"));
        return routed
            .Select(route => Vectors.Scaled(SwiGlu($"{prefix}experts.{route.Expert}.", ("w1", "w3", "w2"), x), route.Weight))
            .Append(SwiGlu(prefix + "shared_experts.", ("gate_proj", "up_proj", "down_proj"), x))
            .Aggregate(Vectors.Sum);
    }

    private double[] SwiGlu(string prefix, (string Gate, string Up, string Down) names, double[] x) =>
        Vectors.SwiGlu(_read($"{prefix}{names.Gate}.weight"), _read($"{prefix}{names.Up}.weight"), _read($"{prefix}{names.Down}.weight"), x);

    private double[] Norm(string name, double[] x) => Vectors.RmsNorm(x, _read(name + ".weight"), _config.Epsilon);
}
