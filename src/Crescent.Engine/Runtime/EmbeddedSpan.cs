namespace Crescent.Engine.Runtime;

/// <summary>Positions of a prompt in a step that its embedding is made of.</summary>
/// <param name="FirstRow">Row of the first of them in the batch.</param>
internal readonly record struct EmbeddedSpan(Sequence Sequence, int FirstRow, int Count);
