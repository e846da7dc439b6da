using System.Text.Json;

namespace Crescent.Training.Ablations;

/// <summary>What a run of a variant came to.</summary>
/// <param name="ActiveWeights">Weights that take part in a token's products, the head's among them.</param>
/// <param name="Tokens">Tokens trained on.</param>
/// <param name="Loss">Mean held-out loss over sources, as the mixture weighs them, nats a token.</param>
/// <param name="RoundedLoss">The same once the experts are rounded to INT4; null where INT4 cannot hold them.</param>
/// <param name="LargestLogit">Largest attention logit of the whole run.</param>
/// <param name="ClippedHeads">Heads that QK-Clip scaled, over all steps.</param>
/// <param name="BusiestExpert">Load of the busiest expert of a layer over an even share, mean over layers and the last tenth of the steps.</param>
/// <param name="TokensPerSecond">Median of the steps.</param>
public sealed record AblationResult(
    string Variant,
    ulong Seed,
    long Weights,
    long ActiveWeights,
    long Tokens,
    double Loss,
    double? RoundedLoss,
    double LargestLogit,
    int ClippedHeads,
    double BusiestExpert,
    double TokensPerSecond)
{
    public static string ToJson(IReadOnlyList<AblationResult> results) => JsonSerializer.Serialize(results, AblationJson.Default.IReadOnlyListAblationResult) + "\n";
}
