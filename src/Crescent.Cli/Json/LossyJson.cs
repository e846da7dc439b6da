namespace Crescent.Cli.Json;

/// <summary>Helps that changed what the model computed.</summary>
/// <param name="Helps">For people.</param>
/// <param name="SkipBelow">Share of a token's largest gate.</param>
/// <param name="PreferResident">Share of the range of a token's chosen scores.</param>
/// <param name="Copies">Where copies of low precision were.</param>
/// <param name="KlMean">Divergence from the exact run a token, in nats; null where it has not been measured.</param>
/// <param name="KlText">Name of the text that it was measured on.</param>
internal sealed record LossyJson(string Helps, double? SkipBelow, double? PreferResident, string? Copies, double? KlMean, double? KlStandardError, long? KlTokens, string? KlText);
