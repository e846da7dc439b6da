namespace Crescent.Cli.Json;

/// <param name="Tokens">Tokens predicted.</param>
/// <param name="WordPerplexity">Per word of the text; only where every token counts.</param>
/// <param name="StandardError">Of <paramref name="TokenPerplexity"/>.</param>
/// <param name="KlMean">Divergence from the base a position, in nats; only with a base.</param>
internal sealed record PerplexityJson(
    long Tokens,
    double TokenPerplexity,
    double? WordPerplexity,
    double? BytePerplexity,
    double? BitsPerByte,
    double StandardError,
    double? KlMean,
    double? KlP99,
    double? TopOneAgreement,
    double? KlStandardError,
    double? KlMedian,
    double? KlMax,
    int Context,
    string Counting)
{
    /// <summary>What of it is lossy; null where it is exact.</summary>
    public LossyJson? Lossy { get; init; }
}
