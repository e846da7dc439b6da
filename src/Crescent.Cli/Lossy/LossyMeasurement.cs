namespace Crescent.Cli.Lossy;

/// <summary>How far a lossy run was from the exact one: divergence KL(exact ‖ lossy) a token, in nats.</summary>
/// <param name="Text">Name of the text that was scored, without its place.</param>
internal sealed record LossyMeasurement(double KlMean, double KlStandardError, long Tokens, string Text);
