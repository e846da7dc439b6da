namespace Crescent.Kernels.Training;

/// <summary>Constants of one AdamW step.</summary>
/// <param name="Correction1">1 / (1 − β₁ᵗ)</param>
/// <param name="Correction2">1 / (1 − β₂ᵗ)</param>
/// <param name="Keep">1 − rate · weight decay</param>
public readonly record struct AdamWStep(float Beta1, float Beta2, float Correction1, float Correction2, float Epsilon, float Rate, float Keep);
