namespace Crescent.Engine.Planning;

/// <summary>What a machine allows a model whose experts come from a drive. Pure arithmetic: a plan feeds it expectations, a run what it counted.</summary>
public static class StreamingBound
{
    /// <summary>Exponents a of the fit h = f^a to published measurements, flat routing first.</summary>
    public static IReadOnlyList<(string Routing, double Exponent)> Exponents { get; } = [("flat", 0.45), ("typical", 0.30), ("one topic", 0.20)];

    /// <summary>Share of a token's experts that are resident.</summary>
    /// <param name="share">Resident share of all experts.</param>
    public static double HitRate(double share, double exponent) => share <= 0 ? 0 : share >= 1 ? 1 : Math.Pow(share, exponent);

    /// <summary>A token: missing experts are read from the drive into memory, and all of it is read from there.</summary>
    /// <param name="expertBytes">Of the experts that a token uses.</param>
    /// <param name="residentBytes">That every token reads beside them.</param>
    public static StepTime Decode(double expertBytes, double residentBytes, double hitRate, double macs, MachineRates rates) => new(
        (1 - hitRate) * expertBytes / rates.DriveBytesPerSecond,
        (((2 - hitRate) * expertBytes) + residentBytes) / rates.MemoryBytesPerSecond,
        macs / rates.MacsPerSecond);

    /// <summary>Expected share of a layer's experts that any of so many tokens chooses, where all are chosen alike.</summary>
    public static double DistinctShare(int used, int experts, double tokens) => 1 - Math.Pow(1 - ((double)used / experts), tokens);

    /// <summary>A chunk of a prompt, layer by layer: each expert that is used is read once, if it is missing.</summary>
    /// <param name="expertBytes">Of the distinct experts that the chunk uses.</param>
    /// <param name="hitRate">Share of them that is resident.</param>
    /// <param name="macs">Of all tokens of the chunk.</param>
    public static StepTime Prefill(double expertBytes, double residentBytes, double hitRate, double macs, MachineRates rates) =>
        Decode(expertBytes, residentBytes, hitRate, macs, rates);
}
