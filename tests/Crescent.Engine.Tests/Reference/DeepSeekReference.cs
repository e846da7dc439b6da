namespace Crescent.Tests.Reference;

/// <summary>A model of the DeepSeek kind: DeepSeek-V2, V3, Kimi K2, Moonlight.</summary>
/// <param name="DenseLayers">First layers with one feed-forward for all tokens.</param>
internal sealed record DeepSeekReferenceConfig(int Layers, int DenseLayers, double Epsilon, LatentAttentionConfig Attention, ExpertRouter Router)
{
    /// <summary>Experts are chosen with e_score_correction_bias.</summary>
    public bool HasSelectionBias { get; init; } = true;

    public bool HasSharedExperts { get; init; } = true;

    /// <summary>The rotation and the factor on scores that YaRN as DeepSeek writes it has.</summary>
    public static (Rotation Rotation, double ScoreGain) Yarn(
        double theta, int ropeDim, double factor, double originalLength, double betaFast, double betaSlow, double mscale, double mscaleAllDim)
    {
        var gain = Rotation.Mscale(factor, mscaleAllDim);
        var rotation = Rotation.Yarn(theta, ropeDim, isInterleaved: true, factor, originalLength, betaFast, betaSlow);
        return (rotation with { Magnitude = Rotation.Mscale(factor, mscale) / gain }, gain * gain);
    }
}

/// <summary>The forward pass in doubles, over tensors under their Hugging Face names.</summary>
internal sealed class DeepSeekReference
{
    private readonly DeepSeekReferenceConfig _config;
    private readonly TensorReader _read;
    private readonly LatentAttention _attention;

    public DeepSeekReference(DeepSeekReferenceConfig config, TensorReader read)
    {
        _config = config;
        _read = read.Remember();
        _attention = new LatentAttention(config.Attention, _read);
    }

    /// <summary>Logits of every position: [tokens][vocab].</summary>
    public double[][] Logits(int[] tokens)
    {
        var norm = _read("model.norm.weight");
        var hidden = tokens.Select(token => Vectors.Row(_read("model.embed_tokens.weight"), token, norm.Length)).ToArray();
        for (var layer = 0; layer < _config.Layers; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            var attended = _attention.Run(prefix + "self_attn.", [.. hidden.Select(x => Norm(prefix + "input_layernorm", x))]);
            hidden = [.. hidden.Zip(attended, Vectors.Sum)];
            hidden = [.. hidden.Select(x => Vectors.Sum(x, FeedForward(prefix + "mlp.", layer < _config.DenseLayers, Norm(prefix + "post_attention_layernorm", x))))];
        }

        return [.. hidden.Select(x => Vectors.Multiply(_read("lm_head.weight"), Vectors.RmsNorm(x, norm, _config.Epsilon)))];
    }

    private double[] FeedForward(string prefix, bool isDense, double[] x)
    {
        if (isDense)
        {
            return SwiGlu(prefix, x);
        }

        var logits = Vectors.Multiply(_read(prefix + "gate.weight"), x);
        var routed = _config.Router.Route(logits, _config.HasSelectionBias ? _read(prefix + "gate.e_score_correction_bias") : null);
        var sum = routed.Select(route => Vectors.Scaled(SwiGlu($"{prefix}experts.{route.Expert}.", x), route.Weight)).Aggregate(Vectors.Sum);
        return _config.HasSharedExperts ? Vectors.Sum(sum, SwiGlu(prefix + "shared_experts.", x)) : sum;
    }

    private double[] SwiGlu(string prefix, double[] x) =>
        Vectors.SwiGlu(_read(prefix + "gate_proj.weight"), _read(prefix + "up_proj.weight"), _read(prefix + "down_proj.weight"), x);

    private double[] Norm(string name, double[] x) => Vectors.RmsNorm(x, _read(name + ".weight"), _config.Epsilon);
}
