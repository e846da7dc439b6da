namespace Crescent.Cli.Comparisons;

/// <summary>One run of one engine.</summary>
/// <param name="Pair">From 1.</param>
/// <param name="IsOurs">Whether it is the engine that the ratios are of.</param>
/// <param name="Position">1 for the engine that ran first in its pair.</param>
/// <param name="Time">When it ended, UTC.</param>
/// <param name="Probed">Bytes a second that memory gave just before.</param>
internal sealed record ComparedRun(int Pair, bool IsOurs, int Position, DateTime Time, double Probed, EngineFigures Figures)
{
    public double? Prefill => Figures.Prefill.Count > 0 ? Spread.Of(Figures.Prefill).Median : null;

    public double? Decode => Figures.Decode.Count > 0 ? Spread.Of(Figures.Decode).Median : null;

    /// <summary>Bytes a second of memory: what was measured before, or what the run itself reached, whichever is more.</summary>
    public double Bandwidth(double? bytesPerToken) => Math.Max(Probed, Decode * bytesPerToken ?? 0);

    /// <summary>Share of the bandwidth that decoding used; null where it is not known.</summary>
    public double? Share(double? bytesPerToken) => Decode * bytesPerToken / Bandwidth(bytesPerToken);
}
