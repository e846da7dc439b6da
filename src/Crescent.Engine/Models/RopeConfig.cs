using Crescent.Engine.Weights;
using Crescent.Kernels.Elementwise;

namespace Crescent.Engine.Models;

/// <summary>What an architecture takes for YaRN's keys where a file lacks them.</summary>
/// <param name="Truncate">Whether the ramp's ends are whole pairs; <c>rope.scaling.yarn_truncate</c>, in metadata made of a config.json alone.</param>
public sealed record YarnDefaults(float BetaFast = 32, float BetaSlow = 1, bool Truncate = true);

/// <summary>Builds the rotation of the plain-attention architectures from their keys: none, linear, YaRN, Llama-3's formula, or its divisors.</summary>
public static class RopeConfig
{
    /// <param name="headWidth">Values of a head: the rotation's width where the file does not say.</param>
    public static Rope Read(GgufConfig config, TensorSource tensors, RopePairing pairing, int headWidth, YarnDefaults? yarn = null)
    {
        var (width, theta) = ReadBase(config, headWidth);
        var type = config.Text("rope.scaling.type") ?? "none";
        double factor = config.Positive("rope.scaling.factor", 1f);
        var (frequencies, magnitude) = type switch
        {
            "none" or "" => (RopeFrequencies.Plain(width, theta), 1.0),
            "linear" => (RopeFrequencies.Linear(width, theta, factor), 1.0),
            "yarn" => Yarn(config, width, theta, factor, yarn ?? new YarnDefaults()),
            "llama3" => (RopeFrequencies.Llama3(width, theta, ReadLlama3(config, factor)), 1.0),
            _ => throw config.Error($"metadata key '{config.Architecture}.rope.scaling.type': expected none, linear, yarn or llama3, found '{type}'"),
        };
        if (tensors.OptionalVector("rope_freqs.weight", width / 2) is { } divisors)
        {
            frequencies = RopeFrequencies.Divided(frequencies, divisors);
        }

        return new Rope(pairing, frequencies, magnitude);
    }

    /// <summary>The rotation whatever the scaling keys say.</summary>
    public static Rope ReadPlain(GgufConfig config, RopePairing pairing, int headWidth)
    {
        var (width, theta) = ReadBase(config, headWidth);
        return new Rope(pairing, RopeFrequencies.Plain(width, theta));
    }

    private static (int Width, double Theta) ReadBase(GgufConfig config, int headWidth)
    {
        var width = config.Integer("rope.dimension_count", headWidth, 2, headWidth);
        return width % 2 == 0
            ? (width, config.Positive("rope.freq_base", 10000f))
            : throw config.Error($"metadata key '{config.Architecture}.rope.dimension_count': expected an even number, found {width}");
    }

    /// <summary>The YaRN parameters that every architecture shares.</summary>
    public static YarnScaling ReadYarn(GgufConfig config, double factor, float betaFast, float betaSlow, bool truncate = true) => new(
        factor,
        config.Positive("rope.scaling.original_context_length", config.Integer("context_length", 4096, 1, int.MaxValue)),
        config.Positive("rope.scaling.yarn_beta_fast", betaFast),
        config.Positive("rope.scaling.yarn_beta_slow", betaSlow),
        config.Flag("rope.scaling.yarn_truncate", truncate));

    // As metadata made of a config.json has it; GGUF files carry the divisors as a tensor.
    private static Llama3Scaling ReadLlama3(GgufConfig config, double factor)
    {
        var (low, high) = (config.Positive("rope.scaling.low_freq_factor", 1), config.Positive("rope.scaling.high_freq_factor", 4));
        return low < high
            ? new Llama3Scaling(factor, low, high, config.Positive("rope.scaling.original_context_length", 8192))
            : throw config.Error($"metadata key '{config.Architecture}.rope.scaling.low_freq_factor': expected less than high_freq_factor, {high}, found {low}");
    }

    private static (double[] Frequencies, double Magnitude) Yarn(GgufConfig config, int width, double theta, double factor, YarnDefaults defaults)
    {
        var extrapolation = config.Number("rope.scaling.yarn_ext_factor", 1);
        if (extrapolation is not 1 and >= 0)
        {
            throw config.Error($"metadata key '{config.Architecture}.rope.scaling.yarn_ext_factor': expected 1, found {extrapolation}");
        }

        var frequencies = RopeFrequencies.Yarn(width, theta, ReadYarn(config, factor, defaults.BetaFast, defaults.BetaSlow, defaults.Truncate));
        // Mistral 3 divides the gain out again (mscale_all_dim, here under the key of DeepSeek's).
        var gain = RopeFrequencies.Magnitude(factor, 1) / RopeFrequencies.Magnitude(factor, config.Number("rope.scaling.yarn_log_multiplier", 0));
        return (frequencies, gain * config.Positive("rope.scaling.attn_factor", 1f));
    }
}
