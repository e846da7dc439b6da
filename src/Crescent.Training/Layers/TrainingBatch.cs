using Crescent.Kernels.Training;

namespace Crescent.Training.Layers;

/// <summary>Packed rows of tokens: documents, or pieces of them, one after the other.</summary>
public sealed record TrainingBatch
{
    /// <summary>A position whose loss does not count.</summary>
    public const int NoTarget = -1;

    /// <summary>[rows · rowLength]</summary>
    public required int[] Tokens { get; init; }

    /// <summary>[rows · rowLength]: the token after each one, or <see cref="NoTarget"/>.</summary>
    public required int[] Targets { get; init; }

    /// <summary>Documents, in order; they cover all tokens.</summary>
    public required AttentionSegment[] Segments { get; init; }

    public required int RowLength { get; init; }

    public int Count => Tokens.Length;

    public int Rows => Tokens.Length / RowLength;

    /// <summary>Positions that have a target.</summary>
    public int TargetCount => Targets.Count(target => target != NoTarget);
}
