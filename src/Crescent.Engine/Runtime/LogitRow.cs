namespace Crescent.Engine.Runtime;

/// <summary>What a row of a step's logits is for.</summary>
/// <param name="Position">Position of the token that the logits follow.</param>
/// <param name="IsSampled">Whether the sequence's next token is chosen from it; else it scores the prompt's next token.</param>
public readonly record struct LogitRow(Sequence Sequence, int Position, bool IsSampled);
