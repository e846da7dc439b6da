namespace Crescent.Engine.Runtime.Speculation;

/// <summary>
/// Prompt lookup: what followed the last tokens where they stood before is computed with them in one step, and kept as far as sampling chooses the same. Answers are
/// the same as without it, bit for bit.
/// </summary>
public sealed record SpeculationOptions
{
    public const int DefaultMostTokens = 8;

    public const int LargestMostTokens = 64;

    /// <summary>Most tokens to draft in a step of a sequence.</summary>
    public int MostTokens { get; init; } = DefaultMostTokens;

    /// <summary>Draft only as much as is likely to pay, by what came true of earlier drafts and by what a row costs; else as much as is found.</summary>
    public bool IsAdaptive { get; init; } = true;
}
