namespace Crescent.Kernels.Training;

/// <summary>Tokens of one document that follow each other in a batch: they attend to those before them in it, and to nothing else.</summary>
/// <param name="Start">Row of the first token in the batch.</param>
public readonly record struct AttentionSegment(int Start, int Length);
