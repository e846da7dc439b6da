namespace Crescent.Training.Optimizers;

/// <summary>What a step measured.</summary>
/// <param name="GradientNorm">Of all gradients together, before clipping.</param>
/// <param name="ClippedHeads">Heads whose logits passed the bound.</param>
public readonly record struct StepReport(double GradientNorm, int ClippedHeads);
