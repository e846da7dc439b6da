namespace Crescent.Kernels.Elementwise;

/// <summary>Parameters of YaRN context extension (Peng et al. 2023).</summary>
/// <param name="Factor">Ratio of the extended to the original context.</param>
/// <param name="OriginalContext">Context length before extension, tokens.</param>
/// <param name="BetaFast">Rotations over the original context above which a frequency is kept.</param>
/// <param name="BetaSlow">Rotations below which a frequency is divided by the factor.</param>
/// <param name="Truncate">Whether the ramp's ends are rounded to whole dimensions (gpt-oss does not).</param>
public sealed record YarnScaling(double Factor, double OriginalContext, double BetaFast, double BetaSlow, bool Truncate = true);

/// <summary>Llama 3.1's context extension by wavelength.</summary>
/// <param name="Factor">What low frequencies are divided by.</param>
/// <param name="LowFactor">Wavelengths above OriginalContext / LowFactor are divided.</param>
/// <param name="HighFactor">Wavelengths below OriginalContext / HighFactor stay.</param>
/// <param name="OriginalContext">Context length before extension, tokens.</param>
public sealed record Llama3Scaling(double Factor, double LowFactor, double HighFactor, double OriginalContext);

/// <summary>The angular frequencies of a rotary embedding, radians a token, one a pair.</summary>
public static class RopeFrequencies
{
    /// <summary><c>θ^(−2i/d)</c>, i = 0..d/2</summary>
    public static double[] Plain(int width, double theta)
    {
        var frequencies = new double[width / 2];
        for (var i = 0; i < frequencies.Length; i++)
        {
            frequencies[i] = Math.Pow(theta, -2.0 * i / width);
        }

        return frequencies;
    }

    /// <summary>Position interpolation: every frequency divided by the factor.</summary>
    public static double[] Linear(int width, double theta, double factor) =>
        [.. Plain(width, theta).Select(frequency => frequency / factor)];

    /// <summary>YaRN: high frequencies kept, low ones divided by the factor, a linear ramp between. Applied at every position.</summary>
    public static double[] Yarn(int width, double theta, YarnScaling scaling)
    {
        var frequencies = Plain(width, theta);
        var (low, high) = Ramp(width, theta, scaling);
        for (var i = 0; i < frequencies.Length; i++)
        {
            var ramp = Math.Clamp((i - low) / (high - low), 0, 1);
            frequencies[i] = (frequencies[i] / scaling.Factor * ramp) + (frequencies[i] * (1 - ramp));
        }

        return frequencies;
    }

    /// <summary>Llama 3.1: long wavelengths divided by the factor, short ones kept, a ramp in the rotations over the original context between.</summary>
    public static double[] Llama3(int width, double theta, Llama3Scaling scaling)
    {
        var frequencies = Plain(width, theta);
        for (var i = 0; i < frequencies.Length; i++)
        {
            var rotations = scaling.OriginalContext * frequencies[i] / (2 * Math.PI);
            var kept = Math.Clamp((rotations - scaling.LowFactor) / (scaling.HighFactor - scaling.LowFactor), 0, 1);
            frequencies[i] = (frequencies[i] / scaling.Factor * (1 - kept)) + (frequencies[i] * kept);
        }

        return frequencies;
    }

    /// <summary>Llama-3's <c>rope_freqs</c>: divisors of the plain frequencies.</summary>
    public static double[] Divided(double[] frequencies, ReadOnlySpan<float> divisors)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(divisors.Length, frequencies.Length);
        var result = new double[frequencies.Length];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = frequencies[i] / divisors[i];
        }

        return result;
    }

    /// <summary><c>0.1·m·ln(s) + 1</c> for s &gt; 1: YaRN's magnitude (DeepSeek's <c>yarn_get_mscale</c>).</summary>
    public static double Magnitude(double factor, double mscale) => factor <= 1 ? 1 : (0.1 * mscale * Math.Log(factor)) + 1;

    /// <summary>First and last pair of the ramp.</summary>
    internal static (double Low, double High) Ramp(int width, double theta, YarnScaling scaling)
    {
        var low = Correction(scaling.BetaFast);
        var high = Correction(scaling.BetaSlow);
        if (scaling.Truncate)
        {
            low = Math.Floor(low);
            high = Math.Ceiling(high);
        }

        low = Math.Max(low, 0);
        high = Math.Min(high, width - 1);
        return (low, low == high ? high + 0.001 : high);

        double Correction(double rotations) =>
            width * Math.Log(scaling.OriginalContext / (rotations * 2 * Math.PI)) / (2 * Math.Log(theta));
    }
}
