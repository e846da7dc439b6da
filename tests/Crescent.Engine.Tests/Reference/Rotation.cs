namespace Crescent.Tests.Reference;

/// <summary>Rotary positions: an angle a pair of values, and which values make a pair.</summary>
/// <param name="Frequencies">[width / 2]: radians a position.</param>
/// <param name="IsInterleaved">Pairs are (2i, 2i + 1), else (i, i + width / 2).</param>
/// <param name="Magnitude">Multiplies cosines and sines.</param>
internal sealed record Rotation(double[] Frequencies, bool IsInterleaved, double Magnitude = 1)
{
    public static Rotation Plain(double theta, int width, bool isInterleaved) => new(Base(theta, width), isInterleaved);

    /// <summary>YaRN; the magnitude is that of models whose scores are not scaled for it (0.1 ln s + 1), unless replaced.</summary>
    public static Rotation Yarn(double theta, int width, bool isInterleaved, double factor, double originalLength, double betaFast, double betaSlow, bool truncate = true)
    {
        double Correction(double beta) => width * Math.Log(originalLength / (beta * 2 * Math.PI)) / (2 * Math.Log(theta));
        var (low, high) = (Correction(betaFast), Correction(betaSlow));
        if (truncate)
        {
            (low, high) = (Math.Floor(low), Math.Ceiling(high));
        }

        (low, high) = (Math.Max(low, 0), Math.Min(high, width - 1));
        if (low == high)
        {
            high += 0.001;
        }

        var frequencies = Base(theta, width);
        for (var i = 0; i < frequencies.Length; i++)
        {
            var ramp = Math.Clamp((i - low) / (high - low), 0, 1);
            frequencies[i] = (frequencies[i] / factor * ramp) + (frequencies[i] * (1 - ramp));
        }

        return new Rotation(frequencies, isInterleaved, Mscale(factor, 1));
    }

    /// <summary>Llama-3.1's scaling by wavelength.</summary>
    public static Rotation Llama3(double theta, int width, bool isInterleaved, double factor, double lowFactor, double highFactor, double originalLength)
    {
        var frequencies = Base(theta, width);
        for (var i = 0; i < frequencies.Length; i++)
        {
            var wavelength = 2 * Math.PI / frequencies[i];
            var blend = Math.Clamp(((originalLength / wavelength) - lowFactor) / (highFactor - lowFactor), 0, 1);
            frequencies[i] = ((1 - blend) * frequencies[i] / factor) + (blend * frequencies[i]);
        }

        return new Rotation(frequencies, isInterleaved);
    }

    /// <summary>YaRN's gain at a factor.</summary>
    public static double Mscale(double factor, double mscale) => factor <= 1 ? 1 : (0.1 * mscale * Math.Log(factor)) + 1;

    /// <summary>Rotates the values from <paramref name="offset"/> on, in place.</summary>
    public void Apply(double[] x, int offset, int position)
    {
        for (var i = 0; i < Frequencies.Length; i++)
        {
            var (first, second) = IsInterleaved ? (offset + (2 * i), offset + (2 * i) + 1) : (offset + i, offset + i + Frequencies.Length);
            var (sin, cos) = (Math.Sin(position * Frequencies[i]) * Magnitude, Math.Cos(position * Frequencies[i]) * Magnitude);
            (x[first], x[second]) = ((x[first] * cos) - (x[second] * sin), (x[first] * sin) + (x[second] * cos));
        }
    }

    /// <summary>Rotates every head of <paramref name="headDim"/> values, in place; returns the vector.</summary>
    public double[] ApplyToHeads(double[] x, int headDim, int position)
    {
        for (var offset = 0; offset < x.Length; offset += headDim)
        {
            Apply(x, offset, position);
        }

        return x;
    }

    private static double[] Base(double theta, int width) => [.. Enumerable.Range(0, width / 2).Select(i => Math.Pow(theta, -2.0 * i / width))];
}
