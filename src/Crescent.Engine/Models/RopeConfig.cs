using Crescent.Engine.Weights;
using Crescent.Kernels.Elementwise;

namespace Crescent.Engine.Models;

/// <summary>Builds the rotation of the plain-attention architectures from their keys: none, linear, YaRN, or Llama-3's divisors.</summary>
public static class RopeConfig
{
    /// <param name="headWidth">Values of a head: the rotation's width where the file does not say.</param>
    public static Rope Read(GgufConfig config, TensorSource tensors, RopePairing pairing, int headWidth)
    {
        var width = config.Integer("rope.dimension_count", headWidth, 2, headWidth);
        if (width % 2 != 0)
        {
            throw config.Error($"metadata key '{config.Architecture}.rope.dimension_count': expected an even number, found {width}");
        }

        double theta = config.Positive("rope.freq_base", 10000f);
        var type = config.Text("rope.scaling.type") ?? "none";
        double factor = config.Positive("rope.scaling.factor", 1f);
        var (frequencies, magnitude) = type switch
        {
            "none" or "" => (RopeFrequencies.Plain(width, theta), 1.0),
            "linear" => (RopeFrequencies.Linear(width, theta, factor), 1.0),
            "yarn" => Yarn(config, width, theta, factor),
            _ => throw config.Error($"metadata key '{config.Architecture}.rope.scaling.type': expected none, linear or yarn, found '{type}'"),
        };
        if (tensors.OptionalVector("rope_freqs.weight", width / 2) is { } divisors)
        {
            frequencies = RopeFrequencies.Divided(frequencies, divisors);
        }

        return new Rope(pairing, frequencies, magnitude);
    }

    /// <summary>The YaRN parameters that every architecture shares.</summary>
    public static YarnScaling ReadYarn(GgufConfig config, double factor, float betaFast, float betaSlow) => new(
        factor,
        config.Positive("rope.scaling.original_context_length", config.Integer("context_length", 4096, 1, int.MaxValue)),
        config.Positive("rope.scaling.yarn_beta_fast", betaFast),
        config.Positive("rope.scaling.yarn_beta_slow", betaSlow));

    private static (double[] Frequencies, double Magnitude) Yarn(GgufConfig config, int width, double theta, double factor)
    {
        var frequencies = RopeFrequencies.Yarn(width, theta, ReadYarn(config, factor, 32, 1));
        return (frequencies, RopeFrequencies.Magnitude(factor, 1) * config.Positive("rope.scaling.attn_factor", 1f));
    }
}
